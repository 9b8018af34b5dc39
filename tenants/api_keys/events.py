"""What happens to API keys, as the control plane's log tells it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class KeyCreated(Event, frozen=True, kw_only=True):
    """A key was made."""

    name: ClassVar[str] = "api_key.created"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("API key {name} was created")

    mode: str = "live"
    scopes: tuple[str, ...] = ()


class KeyRotated(Event, frozen=True, kw_only=True):
    """A key got a successor, and ends at ``until``."""

    name: ClassVar[str] = "api_key.rotated"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("API key {name} was rotated")

    until: str = ""


class KeyRevoked(Event, frozen=True, kw_only=True):
    """A key was ended."""

    name: ClassVar[str] = "api_key.revoked"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("API key {name} was revoked")


EVENTS = (KeyCreated, KeyRotated, KeyRevoked)
