"""Payments that are only played: where, and under which key, when no payment service is set."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Mapping

from core.settings import Settings

LOCAL = "127.0.0.1"


def environment(settings: Settings) -> Mapping[str, str] | None:
    """The settings of a played payment service on this machine; None where a real one is set."""
    if settings.stripe_api_key is not None:
        return None
    signing = hmac.new(settings.secret_key, b"played payments", hashlib.sha256).hexdigest()
    return {
        "STRIPE_API_KEY": "sk_test_played",
        "STRIPE_API_BASE": settings.stripe_api_base or f"http://{LOCAL}:{_free_port(settings.port + 1)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{signing}",
    }


def webhook(settings: Settings) -> str:
    """Where the played service reports: this machine's own address, whatever the public one is."""
    host = LOCAL if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 (comparing, not binding)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/billing/stripe"


def _free_port(wanted: int) -> int:
    """That port if nobody has it, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCAL, port if port < 65_536 else 0))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")
