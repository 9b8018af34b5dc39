"""What a panel is told, signed: a JSON Web Token (HS256) under the app's secret that is good for five minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import uuid4

GOOD_FOR_S: Final = 300


def signed(claims: Mapping[str, object], secret: str, now: datetime) -> str:
    """The token of some claims; when it was made, until when it is good and its own number are added."""
    began = int(now.timestamp())
    header = _part({"alg": "HS256", "typ": "JWT"})
    body = _part({**claims, "iat": began, "exp": began + GOOD_FOR_S, "jti": uuid4().hex})
    text = f"{header}.{body}"
    return f"{text}.{seal(text, secret)}"


def seal(text: str, secret: str) -> str:
    """What stands behind a token's header and claims: their HMAC-SHA256."""
    return _encoded(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))


def _part(value: Mapping[str, object]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
