"""API keys: how programs come in."""

from __future__ import annotations

from typing import Any

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest
from core.kernel.i18n import N_
from tenants.api_keys.authentication import authenticate


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: the API needs it."""
    return Manifest(key="api_keys", title=N_("API keys"), kind="locked")


@hookimpl
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Know a program by its bearer key."""
    return await authenticate(runtime, request)
