"""A client that is cheap enough to put load on a server from the same machine."""
