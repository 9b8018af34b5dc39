"""Panels of modules on record pages: each its own request with a time limit, so that none can break the page."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.ext.faults import failed
from core.ext.specs import Panel, RecordType
from core.kernel.errors import AppError, NotFound
from core.records import lists
from core.tenancy.ctx import Ctx
from core.web.pages import render
from core.web.request import SIGNED_IN
from core.web.routing import get

PLACES = ("main", "side", "tab")


def panels_of(ctx: Ctx, type_: RecordType, place: str) -> Sequence[Panel]:
    """The panels that modules put in a place of a record type's page, in their order."""
    slot = f"{type_.key}.{place}"
    return [panel for panel in ctx.machinery.registry.serve(Panel, ctx) if panel.slot == slot]


async def wanted(ctx: Ctx, type_: RecordType, place: str) -> Sequence[Panel]:
    """The panels of a place that have something to show in this workspace; one that cannot tell has not."""
    return [panel for panel in panels_of(ctx, type_, place) if await _is_wanted(ctx, panel)]


async def _is_wanted(ctx: Ctx, panel: Panel) -> bool:
    if panel.is_wanted is None:
        return True
    try:
        async with asyncio.timeout(panel.timeout_ms / 1000):
            return await panel.is_wanted(ctx.machinery, ctx.tenant)
    except Exception as error:
        failed(ctx, panel, error)
        return False


def panel_url(ctx: Ctx, panel: Panel, record_id: UUID) -> str:
    """The address of a panel's content."""
    record_type, _, place = panel.slot.partition(".")
    return ctx.w(f"/panels/{record_type}/{record_id}/{place}/{panel.key}")


class PanelPages(Controller):
    """The content of one panel."""

    path = "/panels"
    include_in_schema = False

    @get("/{record_type:str}/{record_id:uuid}/{place:str}/{key:str}", permission=SIGNED_IN)
    async def show(
        self,
        ctx: Ctx,
        request: Request[Any, Any, Any],
        record_type: str,
        record_id: UUID,
        place: str,
        key: str,
    ) -> Response[Any]:
        """Show a panel, or a small card with the request's number where it fails or takes too long."""
        type_ = ctx.machinery.registry.records.get(record_type)
        if type_ is None:
            raise NotFound
        panel = next((item for item in panels_of(ctx, type_, place) if item.key == key), None)
        record = await lists.get(ctx, type_, record_id)
        if panel is None:
            raise NotFound
        try:
            async with asyncio.timeout(panel.timeout_ms / 1000):
                template, values = await panel.render(ctx, record)
            return render(ctx, request, template, panel=panel, record=record, type=type_, **values)
        except AppError:
            raise
        except Exception as error:
            failed(ctx, panel, error)
            ctx.roll_back()
            return render(ctx, request, "records/panel_failed.html", panel=panel, error=error)
