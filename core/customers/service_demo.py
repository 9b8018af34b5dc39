"""Believable customers for the demo workspaces."""

from __future__ import annotations

from random import Random

from core.tenancy.ctx import Ctx


async def fill(ctx: Ctx, rng: Random) -> None:
    """Fill."""
