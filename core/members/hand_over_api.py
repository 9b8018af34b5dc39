"""JSON handlers of hand-overs."""

from uuid import UUID

from litestar import Controller

from core.access import queries as people
from core.access.models import Member
from core.access.service import MANAGE
from core.members import queries, service
from core.members.schema import HandOverIn, HandOverOut, HoldingOut, Holdings
from core.members.shapes import shaped
from core.tenancy.ctx import Ctx
from core.web.routing import get, post


class MemberHandOverApi(Controller):
    """What a member owns, and giving it to somebody else."""

    path = "/members/{member_id:uuid}"
    tags = ("Members",)

    @get("/holdings", permission=MANAGE)
    async def holdings(self, ctx: Ctx, member_id: UUID) -> Holdings:
        """Count what a member owns, by kind."""
        member = await people.one(ctx.session, Member, member_id)
        found = await queries.owned(ctx, member.id)
        return Holdings([HoldingOut(key=kind.key, title=ctx.t(kind.title), count=n) for kind, n in found])

    @post("/hand_over", permission=MANAGE, status_code=202)
    async def hand_over(self, ctx: Ctx, member_id: UUID, data: HandOverIn) -> HandOverOut:
        """Hand everything over to a successor, as a job."""
        member = await people.one(ctx.session, Member, member_id)
        return shaped(HandOverOut, await service.begin(ctx, member, data))


class HandOverApi(Controller):
    """How a hand-over went, and taking it back."""

    path = "/hand_overs/{hand_over_id:uuid}"
    tags = ("Members",)

    @get("/", permission=MANAGE)
    async def get_hand_over(self, ctx: Ctx, hand_over_id: UUID) -> HandOverOut:
        """Show what was moved."""
        return shaped(HandOverOut, await service.read(ctx, hand_over_id))

    @post("/undo", permission=MANAGE, status_code=202)
    async def undo(self, ctx: Ctx, hand_over_id: UUID) -> HandOverOut:
        """Give back what the successor still owns."""
        earlier = await service.read(ctx, hand_over_id)
        return shaped(HandOverOut, await service.undo(ctx, earlier))
