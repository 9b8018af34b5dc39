"""Who becomes the owner of a new lead.

Owns the rules. Members who have left are passed over; where nobody is left, nobody owns the lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from core.sdk import Ctx, Member
from plugins.marketing.forms.definition import Assignment
from plugins.marketing.forms.models import Form


async def owner_of(ctx: Ctx, form: Form, values: Mapping[str, Any]) -> UUID | None:
    """Find who owns a new lead by the form's rule; those who take turns do so exactly."""
    rule = msgspec.convert(form.assignment or {}, Assignment)
    if rule.kind == "nobody":
        return None
    here = await _here(ctx, rule)
    if not here:
        return None
    if rule.kind in {"turns", "unit"}:
        return here[(await _turn(ctx, form.id)) % len(here)]
    if rule.kind == "answer":
        answer = values.get(rule.field)
        wanted = answer if isinstance(answer, list) else [answer]
        chosen = next((one.member_id for one in rule.answers if one.value in wanted), None)
        if chosen in here:
            return chosen
        rest = [member for member in here if member in rule.members]
        return rest[0] if rest else None
    return here[0]


async def _here(ctx: Ctx, rule: Assignment) -> list[UUID]:
    """The active members that a rule can choose, in its order."""
    if rule.kind == "unit":
        found = select(Member.id).where(Member.active, Member.unit_id == rule.unit).order_by(Member.id)
        return list(await ctx.session.scalars(found))
    wanted = [*rule.members, *(answer.member_id for answer in rule.answers)]
    known = set(await ctx.session.scalars(select(Member.id).where(Member.active, Member.id.in_(wanted))))
    return [member for member in dict.fromkeys(wanted) if member in known]


async def _turn(ctx: Ctx, form_id: UUID) -> int:
    """Take the next turn; whoever asks meanwhile waits for this transaction."""
    taken = update(Form).where(Form.id == form_id).values(turn=Form.turn + 1).returning(Form.turn)
    number: int = (await ctx.session.execute(taken.execution_options(synchronize_session=False))).scalar_one()
    return number - 1
