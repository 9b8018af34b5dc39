"""The form of a key: ``gx_live_`` or ``gx_test_``, 30 random characters, 6 of checksum, so that typing errors
and leaked look-alikes are told apart without a database."""

from __future__ import annotations

import secrets
import zlib
from typing import Literal

Mode = Literal["live", "test"]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = 30
CHECKSUM = 6


def new(mode: Mode) -> str:
    """Make a key with 178 bits of randomness."""
    body = f"gx_{mode}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 in base 62, six characters."""
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text


def is_wellformed(key: str) -> bool:
    """Whether a text can be a key at all."""
    prefix, body = key[:8], key[:-CHECKSUM]
    return (
        prefix in {"gx_live_", "gx_test_"}
        and len(key) == len(prefix) + RANDOM + CHECKSUM
        and key.isascii()
        and checksum(body) == key[-CHECKSUM:]
    )
