"""The API of the people of a workspace, their departments, roles and shares.

Owns no table: core.access does, and emits for it. Never: logins, invitations, sessions.
"""
