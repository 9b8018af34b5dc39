"""Marketing: what brings people to the company, each part a module of its own."""
