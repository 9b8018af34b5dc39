"""The product inside one tenant, and the machinery that carries it."""
