"""The token of a session's forms, shown under another mask on every page.

A compressed page that repeated the same secret beside what a reader typed could be made to give it away by its
length; under a fresh mask there is nothing to repeat.
"""

from __future__ import annotations

import hmac
import secrets


def masked(token: str) -> str:
    """Put a fresh mask on a token of hexadecimal digits; an empty one stays empty."""
    if not token:
        return ""
    mask = secrets.token_bytes(len(token) // 2)
    return (mask + _mixed(bytes.fromhex(token), mask)).hex()


def is_token(sent: str, token: str) -> bool:
    """Whether what was sent is the token, plain or under a mask."""
    if len(sent) == 2 * len(token):
        try:
            both = bytes.fromhex(sent)
        except ValueError:
            return False
        half = len(both) // 2
        sent = _mixed(both[half:], both[:half]).hex()
    return hmac.compare_digest(sent.encode(), token.encode())


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
