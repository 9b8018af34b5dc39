"""The verbs of activities."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from msgspec import UNSET
from sqlalchemy import func, select

from core.access.models import Member
from core.activities import links
from core.activities.events import ActivityDeleted, ActivityLogged, ActivityRestored, ActivityUpdated
from core.activities.models import Activity
from core.activities.notifications import service as notifications
from core.activities.schema import ActivityIn, ActivityPatch
from core.contacts import service as contacts
from core.customers import service as customers
from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.records import references
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx

TITLES = {
    "note": N_("Note"),
    "call": N_("Call"),
    "meeting": N_("Meeting"),
    "email": N_("E-mail"),
    "visit": N_("Visit"),
    "message": N_("Message"),
}
CLOCKS_DIFFER = timedelta(minutes=5)
SUBJECT_LENGTH = 80


async def log(ctx: Ctx, data: ActivityIn) -> Activity:
    """Log what was done, and tell the records it was done with. Emits ``activity.logged``."""
    return (await log_many(ctx, [data]))[0]


async def log_many(ctx: Ctx, rows: Sequence[ActivityIn]) -> list[Activity]:
    """Log several activities in one go. Emits ``activity.logged`` for each."""
    errors = await references.no_member(ctx, references.wanted(rows, ("owner_id",))["owner_id"])
    errors += [error for row in rows for error in _wrong(ctx, row)]
    if errors:
        raise Invalid(errors=errors)
    targets = await links.complete(ctx, rows)
    activities = [_made(ctx, row, target) for row, target in zip(rows, targets, strict=True)]
    await _mention(ctx, activities)
    ctx.session.add_all(activities)
    await ctx.session.flush()
    for activity, row in zip(activities, rows, strict=True):
        _tell(
            ctx,
            ActivityLogged,
            activity,
            kind=activity.kind,
            occurred_at=activity.occurred_at,
            happened_at=row.occurred_at and activity.occurred_at,
            outcome=activity.outcome,
            next_follow_up_on=row.next_follow_up_on,
        )
    await _touch(ctx, activities, rows)
    return activities


async def update(ctx: Ctx, activity: Activity, patch: ActivityPatch) -> Activity:
    """Correct an activity. Emits ``activity.updated`` where something changed."""
    await ctx.require("activities.edit", activity)
    errors = await references.no_member(ctx, references.wanted([patch], ("owner_id",))["owner_id"])
    errors += _wrong(ctx, patch)
    if errors:
        raise Invalid(errors=errors)
    await links.complete(ctx, [patch])
    changes = apply(activity, patch)
    if changes:
        activity.subject = activity.subject or _subject(ctx, activity.kind, activity.body)
        activity.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, ActivityUpdated, activity, changes=changes)
    return activity


async def delete(ctx: Ctx, activity: Activity) -> None:
    """Move an activity to the bin. Emits ``activity.deleted``."""
    await ctx.require("activities.delete", activity)
    activity.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, ActivityDeleted, activity)


async def restore(ctx: Ctx, activity: Activity) -> None:
    """Take an activity out of the bin. Emits ``activity.restored``."""
    await ctx.require("activities.delete", activity)
    activity.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, ActivityRestored, activity)


def _tell(ctx: Ctx, event: type[Event], activity: Activity, **more: Any) -> None:
    ctx.emit(event(subject_id=activity.id, label=activity.subject or "", links=links.pairs(activity), **more))


def _wrong(ctx: Ctx, data: ActivityIn | ActivityPatch) -> list[FieldError]:
    errors = []
    if data.occurred_at and data.occurred_at > ctx.now() + CLOCKS_DIFFER:
        errors.append(FieldError("occurred_at", "future", N_("This lies ahead: plan it as a task instead.")))
    if isinstance(data, ActivityIn) and data.kind == "note" and not (data.body or data.subject):
        errors.append(FieldError("body", "required", N_("Write what should be remembered.")))
    return errors


def _made(ctx: Ctx, data: ActivityIn, targets: links.Targets) -> Activity:
    given = fields(data)
    given.pop("next_follow_up_on")
    activity = Activity(**{**given, **targets})
    activity.subject = data.subject or _subject(ctx, data.kind, data.body)
    activity.occurred_at = data.occurred_at or ctx.now()
    activity.owner_id = data.owner_id or ctx.actor.member_id
    activity.created_by_id = activity.updated_by_id = ctx.actor.member_id
    return activity


def _subject(ctx: Ctx, kind: str, body: str | None) -> str:
    """The first line of what happened, else the kind in the language of whoever logs it."""
    first = (body or "").strip().split("\n")[0]
    if not first:
        return ctx.t(TITLES[kind])
    return first if len(first) <= SUBJECT_LENGTH else f"{first[: SUBJECT_LENGTH - 1]}…"


async def _touch(ctx: Ctx, activities: Sequence[Activity], rows: Sequence[ActivityIn]) -> None:
    """Tell customers and contacts when they were contacted last and when next; leads and deals listen themselves."""
    seen: dict[tuple[str, Any], list[Any]] = {}
    for activity, row in zip(activities, rows, strict=True):
        about = links.subject(links.named(row))
        for name in ("customer_id", "contact_id"):
            record_id = getattr(activity, name)
            if not record_id:
                continue
            told = seen.setdefault((name, record_id), [None, None])
            if activity.kind != "note":
                told[0] = max(filter(None, (told[0], activity.occurred_at)))
            if name == about:
                told[1] = row.next_follow_up_on or told[1]
    for (name, record_id), (at, next_on) in seen.items():
        if not at and not next_on:
            continue
        touch = customers.touch if name == "customer_id" else contacts.touch
        # The customer of a contact or deal that one sees may itself be out of sight.
        with suppress(NotFound):
            await touch(ctx, record_id, at=at, next_follow_up_on=next_on or UNSET)


async def _mention(ctx: Ctx, activities: Sequence[Activity]) -> None:
    """Notify the colleagues that a text names behind an @."""
    for activity in activities:
        body = activity.body or ""
        if "@" not in body:
            continue
        statement = select(Member.id).where(Member.active, func.strpos(body, "@" + Member.name) > 0)
        mentioned = list(await ctx.session.scalars(statement))
        activity.mentions = [str(member_id) for member_id in mentioned]
        await notifications.notify(
            ctx,
            [member_id for member_id in mentioned if member_id != ctx.actor.member_id],
            "mentioned",
            path=about_path(ctx, activity),
            params={"actor": ctx.actor.name, "title": activity.subject or ""},
        )


def about_path(ctx: Ctx, row: Any) -> str:
    """The address, within the workspace, of the record that an activity or task is about first."""
    name = links.subject(links.named(row))
    type_ = ctx.machinery.registry.records.get(links.FIELDS.get(name, ""))
    if type_ is None:
        return "/"
    return f"{ctx.machinery.registry.below(type_.plugin)}/{type_.path}/{getattr(row, name)}"
