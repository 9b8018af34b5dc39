"""Encryption of values at rest: AES-256-GCM under a key per tenant, itself wrapped by the master key.

Owns: the sealed formats, `v1.` + base64url of nonce, ciphertext and tag for text, a version byte before the
same for bytes. Never stores anything and never logs a value. The associated data says where a value lives
('tenant|table|column|row'), so that a sealed value copied to another place does not open there.
"""

import base64
import binascii
import hmac
import os
from functools import lru_cache
from typing import Final, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Cipher", "KeyRing", "SealBrokenError"]

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_VERSION: Final = b"\x01"
_TEXT_VERSION: Final = "v1."
_MARKING: Final = b"guanxi|marking-key"
_WRAP_AAD: Final = "guanxi|tenant-key"


class SealBrokenError(Exception):
    """The value was not sealed by this key for this place, or was changed since."""


class Cipher:
    """Seals and opens the values of one tenant."""

    __slots__ = ("_key", "_marking")

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        self._key = AESGCM(key)
        # Another key for another use: whoever learns one of them learns nothing about the other.
        self._marking = hmac.digest(key, _MARKING, "sha256")

    def __repr__(self) -> str:
        return "Cipher(…)"

    @overload
    def encrypt(self, plain: str, aad: str) -> str: ...
    @overload
    def encrypt(self, plain: bytes, aad: str) -> bytes: ...
    def encrypt(self, plain: str | bytes, aad: str) -> str | bytes:
        """Seal a value for one place; equal values never look alike."""
        if isinstance(plain, bytes):
            return _VERSION + self._seal(plain, _bound(_VERSION, aad))
        sealed = self._seal(plain.encode(), _bound(_TEXT_VERSION.encode(), aad))
        return _TEXT_VERSION + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    @overload
    def decrypt(self, sealed: str, aad: str) -> str: ...
    @overload
    def decrypt(self, sealed: bytes, aad: str) -> bytes: ...
    def decrypt(self, sealed: str | bytes, aad: str) -> str | bytes:
        """Open a value sealed for this place; raise SealBrokenError otherwise."""
        if isinstance(sealed, bytes):
            if sealed[:1] != _VERSION:
                raise SealBrokenError("unknown version")
            return self._open(sealed[1:], _bound(_VERSION, aad))
        if not sealed.startswith(_TEXT_VERSION):
            raise SealBrokenError("unknown version")
        raw = _decode(sealed.removeprefix(_TEXT_VERSION))
        return self._open(raw, _bound(_TEXT_VERSION.encode(), aad)).decode()

    def digest(self, plain: str, purpose: str) -> bytes:
        """Mark a value so that it is recognised and never read; equal values look alike under one key and purpose."""
        return hmac.digest(self._marking, f"{purpose}|{plain}".encode(), "sha256")

    def _seal(self, plain: bytes, aad: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, plain, aad)

    def _open(self, sealed: bytes, aad: bytes) -> bytes:
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise SealBrokenError("too short")
        try:
            return self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except InvalidTag:
            raise SealBrokenError("wrong key, wrong place or changed") from None


class KeyRing:
    """Makes and opens the keys of tenants."""

    __slots__ = ("_cipher", "_master")

    def __init__(self, master_key: bytes) -> None:
        self._master = Cipher(master_key)
        self._cipher = lru_cache(maxsize=1024)(self._unwrap)

    def __repr__(self) -> str:
        return "KeyRing(…)"

    def new_tenant_key(self) -> bytes:
        """Make a key, wrapped: only this form is ever stored."""
        return self._master.encrypt(os.urandom(_KEY_BYTES), _WRAP_AAD)

    def cipher(self, wrapped: bytes) -> Cipher:
        """Give the cipher of a wrapped key; raise SealBrokenError when the master key is another one."""
        return self._cipher(wrapped)

    def digest(self, plain: str, purpose: str) -> bytes:
        """Mark what this installation wrote so that it recognises it: whoever knows a tenant's key cannot."""
        return self._master.digest(plain, purpose)

    def rewrap(self, wrapped: bytes, target: "KeyRing") -> bytes:
        """Give the same tenant key wrapped by another ring's master key."""
        return target._master.encrypt(self._master.decrypt(wrapped, _WRAP_AAD), _WRAP_AAD)

    def _unwrap(self, wrapped: bytes) -> Cipher:
        return Cipher(self._master.decrypt(wrapped, _WRAP_AAD))


def _bound(version: bytes, aad: str) -> bytes:
    return version + b"|" + aad.encode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealBrokenError("not base64") from None
    # Several texts decode to the same bytes; only the one that was written is accepted.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise SealBrokenError("not base64")
    return raw
