"""Signs messages as Standard Webhooks 1.0 says: HMAC-SHA256 over id, time and body, one signature per living secret.

Owns the form of secrets. Never keeps one in the clear.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from core.kernel.secrets import SealBrokenError

if TYPE_CHECKING:
    from core.tenancy.ctx import Ctx
    from core.webhooks.models import Endpoint

PREFIX: Final = "whsec_"
BYTES: Final = 32


def new_secret() -> str:
    """Make a secret: the specification asks for 24 to 64 random bytes."""
    return PREFIX + base64.b64encode(os.urandom(BYTES)).decode()


def headers(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that a message is ours, whole and fresh."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def seal(ctx: Ctx, endpoint_id: UUID, secret: str, column: str = "secret") -> str:
    """A secret as it is stored."""
    return ctx.cipher().encrypt(secret, _place(ctx, endpoint_id, column))


def unseal(ctx: Ctx, endpoint_id: UUID, sealed: str, column: str = "secret") -> str:
    """A stored secret."""
    return ctx.cipher().decrypt(sealed, _place(ctx, endpoint_id, column))


def opens(ctx: Ctx, endpoint: Endpoint) -> bool:
    """Whether the secret is this workspace's: in a copy of another one it does not open, and must not."""
    try:
        unseal(ctx, endpoint.id, endpoint.secret)
    except SealBrokenError:
        return False
    return True


def living(ctx: Ctx, endpoint: Endpoint) -> list[str]:
    """The secrets that sign now: the present one, and the one before it until its time is over."""
    found = [unseal(ctx, endpoint.id, endpoint.secret)]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > ctx.now():
        found.append(unseal(ctx, endpoint.id, endpoint.old_secret, "old_secret"))
    return found


def _place(ctx: Ctx, endpoint_id: UUID, column: str) -> str:
    return f"{ctx.tenant.id}|webhook_endpoint|{column}|{endpoint_id}"
