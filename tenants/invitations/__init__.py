"""How colleagues come in: invitations by mail and by link, and what accepting one does.

Owns ``control.invitation`` and ``control.invitation_use``. Emits invitation.*. Never says whether an address has an
account, and never makes somebody a member who did not accept.
"""
