"""Two-step sign-in: codes of an authenticator app (RFC 6238), recovery codes, and workspaces that demand it.

Owns ``control.second_factor``, ``control.recovery_code`` and ``control.sign_in_policy``. Emits second_factor.* and
sign_in_policy.*. Never stores a code, and never a secret unsealed.
"""
