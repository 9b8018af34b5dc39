"""API keys of workspaces: made, scoped, shown once, rotated, revoked.

Owns ``control.api_key``. Emits nothing. Never stores a key, only its SHA-256, and never lets a key manage keys.
"""
