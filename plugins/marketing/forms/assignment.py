"""Who becomes the owner of a new lead.

Owns the rules. Members who have left are passed over; where nobody is left, nobody owns the lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from core.sdk import Ctx, Member
from plugins.marketing.forms.definition import Assignment
from plugins.marketing.forms.models import Form


async def owners_of(ctx: Ctx, form: Form, several: Sequence[Mapping[str, Any]]) -> list[UUID | None]:
    """Find who owns each of several new leads by the form's rule; those who take turns do so exactly."""
    rule = msgspec.convert(form.assignment or {}, Assignment)
    here = [] if rule.kind == "nobody" else await _here(ctx, rule)
    if not here or not several:
        return [None] * len(several)
    if rule.kind in {"turns", "unit"}:
        first = await _turns(ctx, form.id, len(several))
        return [here[(first + number) % len(here)] for number in range(len(several))]
    if rule.kind == "answer":
        return [_by_answer(rule, here, values) for values in several]
    return [here[0]] * len(several)


def _by_answer(rule: Assignment, here: list[UUID], values: Mapping[str, Any]) -> UUID | None:
    answer = values.get(rule.field)
    wanted = answer if isinstance(answer, list) else [answer]
    chosen = next((one.member_id for one in rule.answers if one.value in wanted), None)
    if chosen in here:
        return chosen
    return next((member for member in here if member in rule.members), None)


async def _here(ctx: Ctx, rule: Assignment) -> list[UUID]:
    """The active members that a rule can choose, in its order."""
    if rule.kind == "unit":
        found = select(Member.id).where(Member.active, Member.unit_id == rule.unit).order_by(Member.id)
        return list(await ctx.session.scalars(found))
    wanted = [*rule.members, *(answer.member_id for answer in rule.answers)]
    known = set(await ctx.session.scalars(select(Member.id).where(Member.active, Member.id.in_(wanted))))
    return [member for member in dict.fromkeys(wanted) if member in known]


async def _turns(ctx: Ctx, form_id: UUID, many: int) -> int:
    """Take the next turns and give the first; whoever asks meanwhile waits for this transaction."""
    taken = update(Form).where(Form.id == form_id).values(turn=Form.turn + many).returning(Form.turn)
    number: int = (await ctx.session.execute(taken.execution_options(synchronize_session=False))).scalar_one()
    return number - many
