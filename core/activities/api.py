"""The API of timelines; activities themselves have the API of every record type."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response
from litestar.params import QueryParameter

from core.activities import timeline
from core.activities.schema import Timeline
from core.kernel.errors import NotFound
from core.records import lists
from core.tenancy.ctx import Ctx
from core.web.routing import get


class TimelineApi(Controller):
    """What happened to a record, newest first."""

    path = "/timeline"
    tags = ["Timeline"]  # noqa: RUF012 - the framework declares it so

    @get("/{record_type:str}/{record_id:uuid}", permission="activities.view")
    async def show(
        self,
        ctx: Ctx,
        record_type: str,
        record_id: UUID,
        after: str = "",
        only: Annotated[str, QueryParameter(description="activity, task or changes")] = "",
        limit: int = timeline.LIMIT,
    ) -> Response[Timeline]:
        """Show some of the timeline of a record that the caller may see; ``next`` continues it as ``after``."""
        type_ = ctx.machinery.registry.records.get(record_type)
        if type_ is None:
            raise NotFound
        await lists.get(ctx, type_, record_id, deleted=True)
        page = await timeline.read(ctx, type_, record_id, after=after, only=only, limit=limit)
        return Response(timeline.to_answer(page))
