"""The verbs of tasks that are more than a change of fields, for programs."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.activities.tasks import service
from core.activities.tasks.records import TASK
from core.activities.tasks.schema import Snooze, TaskOut, to_out
from core.records import lists
from core.records.etag import etag
from core.tenancy.ctx import Ctx
from core.web.routing import post


class TaskApi(Controller):
    """Complete, reopen, put off."""

    path = "/tasks"
    tags = ["Tasks"]  # noqa: RUF012 - the framework declares it so

    @post("/{record_id:uuid}/complete", permission="tasks.edit")
    async def complete(self, ctx: Ctx, record_id: UUID) -> Response[TaskOut]:
        """Mark a task as done; harmless to repeat."""
        task = await service.complete(ctx, await lists.get(ctx, TASK, record_id, action="edit"))
        return Response(to_out(task), headers={"ETag": etag(task)})

    @post("/{record_id:uuid}/reopen", permission="tasks.edit")
    async def reopen(self, ctx: Ctx, record_id: UUID) -> Response[TaskOut]:
        """Mark a task as still to be done; harmless to repeat."""
        task = await service.reopen(ctx, await lists.get(ctx, TASK, record_id, action="edit"))
        return Response(to_out(task), headers={"ETag": etag(task)})

    @post("/{record_id:uuid}/snooze", permission="tasks.edit")
    async def snooze(self, ctx: Ctx, record_id: UUID, data: Snooze) -> Response[TaskOut]:
        """Put a task off to a day, or by days from today."""
        task = await lists.get(ctx, TASK, record_id, action="edit")
        await service.snooze(ctx, task, service.until(ctx, data))
        return Response(to_out(task), headers={"ETag": etag(task)})
