"""The page of a task, and doing, undoing and putting off with one click."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.activities.tasks.records import TASK
from core.records import lists
from core.records.record_page import record_page
from core.tenancy.ctx import Ctx
from core.web.routing import get

Any_ = Request[Any, Any, Any]


class TaskPages(Controller):
    """One task."""

    path = "/tasks"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="tasks.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a task."""
        task = await lists.get(ctx, TASK, record_id, deleted=True)
        return await record_page(ctx, request, TASK, task)
