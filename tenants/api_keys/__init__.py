"""API keys of workspaces: made, scoped, shown once, rotated, revoked, and what each was used for.

Owns ``control.api_key`` and ``control.api_key_request``. Emits api_key.created, .rotated and .revoked into the
control plane's log. Never stores a key, only its SHA-256, and never lets a key manage keys.
"""
