"""The settings pages of a workspace: its people, departments and roles, and one's own profile.

Owns no table: core.access writes members, tenants.accounts writes logins. Emits nothing.
Never decides about rights: the verbs that it calls do.
"""
