"""Identifiers: time-ordered record ids and short opaque names. Never decides what an id may reach."""

import secrets
import string
from datetime import datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

__all__ = ["first_at", "opaque", "uuid7"]

_ALPHABET = string.ascii_lowercase + string.digits
_OPAQUE_LENGTH = 12
_MOST_MS: Final = (1 << 48) - 1

if _uuid7().version != 7:  # some releases of compatible packages silently fall back to random ids
    raise ImportError("uuid_utils does not make version 7 ids")


def uuid7() -> UUID:
    """Make a record id: a UUIDv7, ascending within this process."""
    return _uuid7()


def first_at(instant: datetime) -> UUID:
    """Give the least id that can have been made at an instant: ids from it on are not older."""
    milliseconds = min(max(int(instant.timestamp() * 1000), 0), _MOST_MS)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


def opaque() -> str:
    """Make a name that cannot be guessed: 12 characters of a-z and 0-9, about 62 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_OPAQUE_LENGTH))
