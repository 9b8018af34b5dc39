"""The page of the audit log."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, Response
from sqlalchemy import select

from core.access.models import Member
from core.kernel.errors import Invalid
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import redirect, render
from core.web.routing import get, post
from tenants.audit import queries, service
from tenants.audit.schema import AuditEntry, AuditQuery

Any_ = Request[Any, Any, Any]
PAGE = "audit/index.html"
NAMES = AuditQuery.__struct_fields__
PEOPLE = 500


class AuditPages(Controller):
    """What happened in the workspace, and to it."""

    path = "/settings/audit"
    include_in_schema = False

    @get("/", permission=service.VIEW)
    async def index(
        self, ctx: Ctx, control: Control, request: Any_, after: UUID | None = None
    ) -> Response[Any]:
        """Show entries, newest first."""
        sent = {name: request.query_params.get(name, "") for name in NAMES}
        errors: Any = ()
        try:
            asked = queries.asked(sent)
        except Invalid as error:
            asked, errors = AuditQuery(), error.errors
        found = await queries.entries(ctx, control, asked, after=after)
        status = 422 if errors else 200
        shown = {"entries": found, "links": _links(ctx, found), "values": sent, "errors": errors}
        return render(ctx, request, PAGE, status=status, **shown, **await _around(ctx, sent, found, after))

    @post("/export", permission=service.VIEW, unpaid=True)
    async def export(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Have what is shown written into a file."""
        run = await service.export(ctx, queries.asked(await form_values(request)))
        return redirect(request, ctx.w(f"/exports/{run.id}"))


async def _around(
    ctx: Ctx, sent: dict[str, str], found: list[AuditEntry], after: UUID | None
) -> dict[str, Any]:
    here = ctx.w("/settings/audit")
    kept = {name: value for name, value in sent.items() if value}
    people = await ctx.session.execute(select(Member.id, Member.name).order_by(Member.name).limit(PEOPLE))
    older = {**kept, "after": str(found[-1].id)} if len(found) == queries.PAGE else None
    return {
        "here": here,
        "people": [(str(member_id), name) for member_id, name in people],
        "kinds": queries.kinds(ctx),
        "is_filtered": bool(kept),
        "next": f"{here}?{urlencode(older)}" if older else None,
        "first": f"{here}?{urlencode(kept)}" if after else None,
    }


def _links(ctx: Ctx, found: list[AuditEntry]) -> dict[UUID, str]:
    """The pages of the records that entries are about, where they have one."""
    registry = ctx.machinery.registry
    types = {entry.id: registry.records.get(entry.record_type) for entry in found}
    return {
        entry.id: ctx.w(f"{registry.below(type_.plugin)}/{type_.path}/{entry.record_id}")
        for entry in found
        if (type_ := types[entry.id]) is not None and type_.pages and registry.serves(type_, ctx)
    }
