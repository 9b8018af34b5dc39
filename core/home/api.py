"""The API of a member's day."""

from __future__ import annotations

from litestar import Controller, Response

from core.home import service, today
from core.home.schema import Today
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get


class TodayApi(Controller):
    """What the key's member has to do."""

    path = "/today"
    tags = ["Today"]  # noqa: RUF012 - the framework declares it so

    @get("/", permission="tasks.view")
    async def show(self, ctx: Ctx) -> Response[Today]:
        """Show whom to contact, what is due by today, and the appointments of the next seven days."""
        return Response((await today.read(ctx)).to_out())

    @delete("/checklist", permission="tasks.view", status_code=204)
    async def dismiss(self, ctx: Ctx) -> None:
        """Show the member no first steps any more."""
        await service.dismiss_checklist(ctx)
