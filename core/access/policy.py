"""The policy that contexts ask: decisions and list conditions for their actor."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select

from core.access.decide import Decision, Level, decide, share_levels
from core.access.models import Share
from core.access.visible import facts, visible

_SHARES = "access.shares"


class Policy:
    """Answers `ctx.can`, `ctx.why`, `ctx.require` and `ctx.visible`; holds no state of its own."""

    def allows(self, ctx: Any, permission: str) -> Decision:
        """Decide whether the actor may use `permission` on any record at all."""
        return decide(ctx.actor, permission)

    async def decide(self, ctx: Any, permission: str, record: Any) -> Decision:
        """Decide about a record; reads its share, once, only where that could change the answer."""
        known = facts(record)
        decision = decide(ctx.actor, permission, known)
        if decision.allowed or not share_levels(permission) or not decide(ctx.actor, permission).allowed:
            return decision
        level = await _share(ctx, record)
        return decide(ctx.actor, permission, facts(record, level)) if level else decision

    def visible(self, ctx: Any, model: type[Any], permission: str) -> ColumnElement[bool]:
        """Return the condition for the rows of `model` that the actor may use `permission` on."""
        return visible(ctx.actor, model, permission)


async def _share(ctx: Any, record: Any) -> Level | None:
    if ctx.actor.member_id is None:
        return None
    known = cast(dict[tuple[str, UUID], Level | None], ctx.session.info.setdefault(_SHARES, {}))
    key = (type(record).__tablename__, record.id)
    if key not in known:
        known[key] = await ctx.session.scalar(
            select(Share.level).where(
                Share.member_id == ctx.actor.member_id,
                Share.record_type == key[0],
                Share.record_id == key[1],
            )
        )
    return known[key]
