"""The line above every page while a payment is late, or a paid period runs out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.tenancy.ctx import Ctx


def late(ctx: Ctx, _principal: Any) -> tuple[str, dict[str, Any]] | None:
    """Say what the directory knows."""
    code = ctx.tenant.notices.get("billing")
    if not code:
        return None
    until = ctx.tenant.notices.get("billing_until")
    day = datetime.fromisoformat(until).astimezone(ctx.zone).date() if until else None
    return "billing/late.html", {"code": code, "day": day}
