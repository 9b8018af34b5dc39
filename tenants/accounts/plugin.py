"""Accounts: the door of the installation."""

from __future__ import annotations

from typing import Any

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest
from core.kernel.i18n import N_
from tenants.accounts.authentication import authenticate
from tenants.accounts.pages import DoorPages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: nobody works without it."""
    return Manifest(key="accounts", title=N_("Accounts"), kind="locked")


@hookimpl
def crm_public() -> list[type[Controller]]:
    """Log in and out."""
    return [DoorPages]


@hookimpl
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Know a browser by its session cookie."""
    return await authenticate(runtime, request)
