"""One PostgreSQL schema and one role per tenant: the mechanism, and the context that every callable gets.

Owns the directory, provisioning, migrations, sessions and ``Ctx``. Never decides who uses or
pays for what.
"""
