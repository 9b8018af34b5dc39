"""The line above every page of administrators while the background work of a module rests after failures."""

from __future__ import annotations

from typing import Any

from core.tenancy.ctx import Ctx
from core.tenancy.resting import resting


def out_of_breath(ctx: Ctx, _principal: Any) -> tuple[str, dict[str, Any]] | None:
    """Name the modules, when each is tried again, and where there is more to read."""
    modules = ctx.machinery.registry.modules
    found = [
        (
            ctx.t(modules[plugin].manifest.title),
            until,
            ctx.w("/jobs" if modules[plugin].manifest.kind == "locked" else f"/marketplace/{plugin}"),
        )
        for plugin, until in resting(ctx).items()
    ]
    return ("marketplace/resting.html", {"modules": found}) if found else None
