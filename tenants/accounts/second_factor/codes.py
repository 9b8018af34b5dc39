"""The codes themselves: those of an authenticator by RFC 6238, and those on paper. Pure; touches no database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
import segno

from core.kernel.secrets import Cipher

ISSUER: Final = "Guanxi"
STEP_S: Final = 30
DRIFT: Final = 1
"""So many intervals before and after are accepted: clocks differ, and people type slowly."""
COUNT: Final = 10
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
HALF: Final = 5


class Vault:
    """Seals the secrets of authenticators and digests recovery codes, under keys of the installation's own."""

    def __init__(self, secret_key: bytes) -> None:
        self._cipher = Cipher(hmac.new(secret_key, b"second factor", hashlib.sha256).digest())
        self._key = hmac.new(secret_key, b"recovery code", hashlib.sha256).digest()

    def seal(self, account_id: UUID, secret: str) -> str:
        """Seal a secret for its account."""
        return self._cipher.encrypt(secret, f"second_factor|{account_id}")

    def open(self, account_id: UUID, sealed: str) -> str:
        """Open the secret of an account."""
        return self._cipher.decrypt(sealed, f"second_factor|{account_id}")

    def digest(self, account_id: UUID, code: str) -> bytes:
        """What is stored of a recovery code."""
        return hmac.new(self._key, account_id.bytes + plain(code).encode(), hashlib.sha256).digest()


def new_secret() -> str:
    """A secret of 160 bits, as base32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """The otpauth address that an authenticator reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(secret: str, email: str) -> str:
    """The address as a QR code: inline SVG without styles."""
    drawn: str = segno.make(address(secret, email), error="m").svg_inline(
        scale=5, border=2, dark="#000", light="#fff", omitsize=False, svgclass="qr", lineclass=None
    )
    return drawn


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The interval whose code this is, near to an instant; None where it is none."""
    now, found = int(at.timestamp()) // STEP_S, None
    generator = pyotp.TOTP(secret)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), plain(code).encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 49 bits, in two halves."""
    return ["-".join(_half() for _ in range(2)) for _ in range(COUNT)]


def plain(code: str) -> str:
    """A code without what people put between."""
    return "".join(code.split()).replace("-", "").lower()[:64]


def _half() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(HALF))
