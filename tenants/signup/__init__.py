"""How a workspace begins: the claim of a schema, its first member, and the two demo workspaces.

Owns no table. Emits nothing. Never touches the catalogue of roles: schemas are made ahead of need.
"""
