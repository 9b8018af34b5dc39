"""The line above every page of somebody who has not confirmed his address."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from core.web.inbox import is_private
from tenants.accounts.models import VOUCHED

DAY = timedelta(days=1)


def unconfirmed(ctx: Any, principal: Any) -> tuple[str, dict[str, Any]] | None:
    """Say until when the address is to be confirmed, with a way to have the mail sent again."""
    if principal is None or principal.verify_by in {None, VOUCHED}:
        return None
    left = principal.verify_by - ctx.now()
    return "accounts/banner.html", {
        "is_over": left <= timedelta(0),
        "days": math.ceil(left / DAY),
        "inbox": is_private(ctx.machinery.settings),
    }
