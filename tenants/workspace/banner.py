"""The line above every page of a sandbox."""

from __future__ import annotations

from typing import Any

from core.tenancy.ctx import Ctx
from core.tenancy.sandboxes import live_slug


def in_sandbox(ctx: Ctx, _principal: Any) -> tuple[str, dict[str, Any]] | None:
    """Say whose sandbox this is, what does not happen here, and lead back."""
    if ctx.tenant.sandbox_of is None:
        return None
    return "workspace/banner.html", {"name": ctx.tenant.name, "url": f"/w/{live_slug(ctx.tenant.slug)}/"}
