"""API keys: how programs come in."""

from __future__ import annotations

from typing import Any

import click
from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest
from core.kernel.i18n import N_
from tenants.api_keys.api import MeApi
from tenants.api_keys.authentication import authenticate
from tenants.api_keys.commands import keys


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: the API needs it."""
    return Manifest(key="api_keys", title=N_("API keys"), kind="locked")


@hookimpl
def crm_commands() -> list[click.Command]:
    """``guanxi keys``."""
    return [keys]


@hookimpl
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Know a program by its bearer key."""
    return await authenticate(runtime, request)


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Tell a program about its key."""
    return [MeApi]
