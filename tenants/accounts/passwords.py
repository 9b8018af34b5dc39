"""Passwords: argon2id off the event loop, and the same work for people who do not exist."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id with 19 MiB and two passes: the floor that OWASP names for it."""
NOBODY = HASHER.hash("nobody has this password")


async def hashed(password: str) -> str:
    """Hash a password."""
    return await asyncio.to_thread(HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one; takes as long where nothing is stored."""
    is_equal = await asyncio.to_thread(_verify, password, stored or NOBODY)
    return is_equal and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
