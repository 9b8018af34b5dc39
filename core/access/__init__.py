"""Members, units, roles and shares: who may do what to which record, and why not.

Owns: member, unit, role, share. Emits: member.*, role.*, unit.*. Never: authenticates anybody.
"""
