"""The steps of a hand-over: kind by kind, 200 records at a time, each by the verb of its module."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from core.access import roles
from core.access import service as people
from core.access.models import Member
from core.kernel.db import Row
from core.kernel.errors import AppError, Forbidden
from core.members.events import MemberHandedOver
from core.members.models import HandOver, HandOverItem
from core.members.queries import Holding, holdings, how_many, to_move

STEP: Final = 200


async def begin_moving(ctx: Any, run: Any) -> None:
    """Find the kinds of records that a hand-over concerns, and count them for the progress."""
    hand = await _hand(ctx, run)
    # What is no record, a saved view for one, is of no use to anybody without an owner.
    kinds = [
        kind
        for kind in await holdings(ctx)
        if kind.only is None and (hand.to_id or hand.undoes_id or kind.type)
    ]
    total = sum([await how_many(ctx, hand, kind) for kind in kinds])
    run.state["left"] = [kind.key for kind in kinds]
    run.progress(done=0, total=total, failed=0)


async def move_some(ctx: Any, run: Any) -> None:
    """Move the next records of the kind that is under way; what a verb refuses is counted and stays."""
    hand = await _hand(ctx, run)
    # The right to manage members is the right to hand over: the records are the company's, seen or not.
    everything = dict.fromkeys(ctx.machinery.registry.permissions, "all")
    ctx.actor = replace(ctx.actor, grants=everything)
    kinds = {kind.key: kind for kind in await holdings(ctx)}
    kind = kinds.get(run.state["left"][0])
    after = UUID(run.state["after"]) if run.state.get("after") else None
    ids = list(await to_move(ctx, hand, kind, after, STEP)) if kind is not None else []
    if kind is not None and ids:
        moved = await _move(ctx, hand, kind, ids)
        _note(ctx, hand, kind, ids, moved)
        run.progress(done=run.done + len(moved), failed=run.failed + len(ids) - len(moved))
    if len(ids) == STEP:
        run.state["after"] = str(ids[-1])
        return
    if kind is not None and hand.undoes_id is None and hasattr(kind.model, "deleted_at"):
        await _write(ctx, hand, kind, kind.in_bin(hand.from_id))
    run.state["left"] = run.state["left"][1:]
    run.state["after"] = None


async def move_eyes(ctx: Any, hand: HandOver) -> None:
    """Let a successor answer for what looks through a member's eyes, at once: it goes on as if nothing were.

    Refused where the successor sees more than the actor's own role does: the member may know where it tells that.
    """
    if hand.to_id is None:
        return
    is_refused = not await may_lend(ctx, hand.to_id)
    for kind in [kind for kind in await holdings(ctx) if kind.only is not None]:
        ids = list(await to_move(ctx, hand, kind, None, STEP))
        moved = [] if is_refused or not ids else await _write(ctx, hand, kind, [kind.model.id.in_(ids)])
        _note(ctx, hand, kind, ids, moved)


async def may_lend(ctx: Any, member_id: UUID | None) -> bool:
    """Whether the actor may have things look through a member's eyes; through nobody's, nothing can."""
    member = await ctx.session.get(Member, member_id) if member_id else None
    try:
        if member is not None:
            people.only_owners_change(ctx, member.role)
            await roles.not_above(ctx, member.role)
    except Forbidden:
        return False
    return member is not None


async def end_moving(ctx: Any, run: Any) -> None:
    """Close the hand-over; emits member.handed_over."""
    hand = await _hand(ctx, run)
    hand.finished_at = ctx.now()
    member = await ctx.session.get_one(Member, hand.to_id if hand.undoes_id else hand.from_id)
    ctx.emit(
        MemberHandedOver(
            subject_id=member.id,
            label=member.name,
            hand_over_id=str(hand.id),
            to_id=str(hand.to_id or ""),
            keys=hand.keys,
            lends=hand.undoes_id is None and await may_lend(ctx, hand.to_id),
            moved=sum(hand.moved.values()),
            failed=sum(hand.failed.values()),
        )
    )


async def _hand(ctx: Any, run: Any) -> HandOver:
    found: HandOver = await ctx.session.get_one(HandOver, run.params.hand_over_id)
    return found


async def _move(ctx: Any, hand: HandOver, kind: Holding, ids: list[UUID]) -> list[UUID]:
    """Give records to the successor: all at once, or one by one where a verb refuses some."""
    if hand.to_id is None and not kind.owner.nullable:
        return []
    if not kind.field:
        return await _write(ctx, hand, kind, [kind.model.id.in_(ids)])
    try:
        async with ctx.attempt():
            await _by_verb(ctx, hand, kind, ids)
    except AppError:
        return [one for one in ids if await _alone(ctx, hand, kind, one)]
    return ids


async def _alone(ctx: Any, hand: HandOver, kind: Holding, record_id: UUID) -> bool:
    try:
        async with ctx.attempt():
            await _by_verb(ctx, hand, kind, [record_id])
    except AppError:
        return False
    return True


async def _by_verb(ctx: Any, hand: HandOver, kind: Holding, ids: list[UUID]) -> None:
    type_, model = kind.type, kind.model
    if type_ is None:
        return
    patch = type_.patch(**{kind.field: hand.to_id})
    for record in await ctx.session.scalars(select(model).where(model.id.in_(ids)).order_by(model.id)):
        await type_.verbs.update(ctx, record, patch)
    await ctx.session.flush()


async def _write(ctx: Any, hand: HandOver, kind: Holding, where: list[Any]) -> list[UUID]:
    model = kind.model
    values: dict[str, Any] = {kind.column: hand.to_id}
    if issubclass(model, Row):
        values |= {"version": model.version + 1, "updated_at": ctx.now()}
    statement = update(model).where(*where).values(values).returning(model.id)
    found = await ctx.session.scalars(statement.execution_options(synchronize_session=False))
    return list(found)


def _note(ctx: Any, hand: HandOver, kind: Holding, ids: Sequence[UUID], moved: Sequence[UUID]) -> None:
    ctx.session.add_all(HandOverItem(hand_over_id=hand.id, holding=kind.key, record_id=one) for one in moved)
    hand.moved = _more(hand.moved, kind.key, len(moved))
    hand.failed = _more(hand.failed, kind.key, len(ids) - len(moved))


def _more(counts: dict[str, int], key: str, count: int) -> dict[str, int]:
    return {**counts, key: counts.get(key, 0) + count} if count else counts
