"""PostgreSQL and Valkey for an installation that names no servers of its own.

Owns: the data folders in the home, one keeper process per server, the locks by which processes share them.
Emits: nothing.
Never: reads tenants, knows tables, or touches a server that it did not start.
"""
