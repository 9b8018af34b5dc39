"""The timeline of a record: its events, and those of what belongs to it, as a reader sees them.

Owns nothing. Never more than three statements beside the one that finds the record: events, the activities among
them, and the names that changed values point to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Uuid, select

from core.activities.models import Activity
from core.activities.schema import Change, Timeline, TimelineEntry, to_out
from core.ext.faults import failed, in_time
from core.ext.specs import Column, RecordType, TimelineKind
from core.kernel import events, i18n, money, paging
from core.kernel.errors import FieldError, Invalid
from core.kernel.events.models import EventLink
from core.kernel.i18n import N_
from core.kernel.validate import fields
from core.records import labels
from core.records.labels import MEMBER, target_of
from core.tenancy.ctx import Ctx

LIMIT: Final = 30
MAX_LIMIT: Final = 100
LOGGED: Final = "activity.logged"
UNDONE: Final = frozenset({"activity.deleted", "activity.restored"})
"""What is not worth a line where the activity is there after all."""
GROUPS: Final[Mapping[str, str]] = {
    "activity": N_("Follow-ups"),
    "task": N_("Tasks"),
    "changes": N_("Changes"),
}
"""What a timeline can be narrowed to; changes are everything that is neither follow-up nor task."""
_KEYS: Final = (
    paging.Key("occurred_at", EventLink.occurred_at, descending=True),
    paging.Key("id", EventLink.event_id, descending=True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, its kind's look, who did it, the activity that it logged, and its changes in words."""

    stored: events.Stored
    kind: TimelineKind
    title: str
    actor: str
    activity: Activity | None = None
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the cursor of older ones."""

    entries: Sequence[Entry] = field(default_factory=tuple)
    next: str | None = None


async def read(
    ctx: Ctx, type_: RecordType, record_id: UUID, *, after: str = "", only: str = "", limit: int = LIMIT
) -> Page:
    """Read some of a record's timeline; whoever may see the record may see all of it.

    Raises :class:`Invalid` for a group that does not exist.
    """
    if only and only not in GROUPS:
        raise Invalid.field("only", "choice", N_("This is not one of the choices."))
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(
            errors=[FieldError("limit", "range", N_("Ask for 1 to {max} entries."), {"max": MAX_LIMIT})]
        )
    before = events.Moment(*paging.decode(_KEYS, after)) if after else None
    found = await events.timeline(
        ctx.session, type_.key, record_id, before=before, limit=limit + 1, names=_names(ctx, only)
    )
    page = paging.cut(_KEYS, found, limit)
    return Page(await _entries(ctx, type_, page.items), page.next_cursor)


def _names(ctx: Ctx, only: str) -> list[str] | None:
    if not only:
        return None
    known = ctx.machinery.registry.timeline
    if only != "changes":
        return [name for name in known if name.startswith(f"{only}.")]
    return [name for name in known if name.partition(".")[0] not in GROUPS]


async def _entries(ctx: Ctx, type_: RecordType, found: Sequence[events.Stored]) -> list[Entry]:
    registry = ctx.machinery.registry
    activities = await _activities(ctx, {one.record_id for one in found if one.name in {LOGGED, *UNDONE}})
    targets = _targets(ctx, found)
    owners = {one.owner_id for one in activities.values() if one.owner_id}
    names = await labels.resolve(ctx, {**targets, MEMBER: targets.get(MEMBER, set()) | owners})
    entries = []
    for stored in found:
        kind = registry.timeline.get(stored.name)
        if kind is None or not registry.serves(kind, ctx):
            continue
        activity = activities.get(stored.record_id)
        if (stored.name == LOGGED) is (activity is None) and stored.name in {LOGGED, *UNDONE}:
            continue
        title = _line(ctx, kind, stored)
        if activity is None and stored.record_type != type_.key and stored.label not in title:
            title = f"{title} · {stored.label}"
        told = () if kind.tells_all else sorted(stored.changes)
        changes = [_change(ctx, stored, name, names) for name in told]
        owner = names.get((MEMBER, activity.owner_id)) if activity and activity.owner_id else None
        entries.append(Entry(stored, kind, title, owner or stored.actor.name, activity, changes))
    return entries


async def tell(ctx: Ctx, found: Sequence[events.Stored]) -> list[Entry]:
    """Put events about any records into words, for whoever may read all of the log."""
    registry = ctx.machinery.registry
    names = await labels.resolve(ctx, _targets(ctx, found))
    entries = []
    for stored in found:
        kind = registry.timeline.get(stored.name) or TimelineKind(
            event=stored.name, icon="circle-dot", summary=_plainly
        )
        title = _line(ctx, kind, stored) if stored.name in registry.events else stored.name
        changes = [_change(ctx, stored, name, names) for name in sorted(stored.changes)]
        entries.append(Entry(stored, kind, title, stored.actor.name, None, changes))
    return entries


def _plainly(event: events.Event, t: Callable[..., str]) -> str:
    return t(type(event).summary or type(event).name)


async def _activities(ctx: Ctx, ids: set[UUID]) -> dict[UUID, Activity]:
    if not ids:
        return {}
    return {one.id: one for one in await ctx.session.scalars(select(Activity).where(Activity.id.in_(ids)))}


def _line(ctx: Ctx, kind: TimelineKind, stored: events.Stored) -> str:
    """The line that a module makes of an event; what the event's type says of itself where its values were erased.

    The same where the module's line fails.
    """
    class_: type[events.Event] = ctx.machinery.registry.events[stored.name]
    try:
        if not stored.is_erased:
            with in_time(ctx, kind):
                title = kind.summary(class_.load(stored), ctx.t)
            if isinstance(title, str):
                return title
            raise TypeError(f"the summary is {title!r}")
    except Exception as error:
        failed(ctx, kind, error)
    return ctx.t(class_.summary or stored.name)


def _column(ctx: Ctx, stored: events.Stored, name: str) -> Column | None:
    type_ = ctx.machinery.registry.records.get(stored.record_type)
    if type_ is None:
        return None
    return next((c for c in type_.columns if name in {c.field, c.key, c.attribute.key}), None)


def _targets(ctx: Ctx, found: Sequence[events.Stored]) -> dict[str, set[UUID]]:
    """What changed values point to, by record type."""
    targets: dict[str, set[UUID]] = {}
    for stored in found:
        for name, values in stored.changes.items():
            column = _column(ctx, stored, name)
            target = target_of(column) if column is not None else ""
            if target:
                targets.setdefault(target, set()).update(UUID(value) for value in values if value)
    return targets


def _change(ctx: Ctx, stored: events.Stored, name: str, names: labels.Labels) -> Change:
    column = _column(ctx, stored, name)
    before, after = (_shown(ctx, column, value, names) for value in stored.changes[name])
    return Change(field=name, title=ctx.t(_title(ctx, stored, name, column)), before=before, after=after)


def _title(ctx: Ctx, stored: events.Stored, name: str, column: Column | None) -> str:
    if column is not None:
        return column.title
    type_ = ctx.machinery.registry.records.get(stored.record_type)
    metas = fields(type_.create) if type_ is not None else ()
    return next((meta.title for meta in metas if meta.name == name), name)


def _shown(ctx: Ctx, column: Column | None, value: Any, names: labels.Labels) -> str:
    """One value of a change in the reader's words; what may not be seen is a dash."""
    if value is None or value == "" or value == []:
        return ""
    if column is None:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(column.attribute.type, Uuid) or target_of(column):
        return names.get((target_of(column), UUID(value)), "–")
    label = next((choice.label for choice in column.choices if choice.value == value), None)
    return ctx.t(label) if label is not None else _plain(ctx, column, value)


def _plain(ctx: Ctx, column: Column, value: Any) -> str:
    match column.kind:
        case "datetime" if isinstance(column.attribute.type, DateTime):
            return i18n.format_datetime(datetime.fromisoformat(value), ctx.locale, zone=ctx.zone)
        case "date":
            return i18n.format_date(date.fromisoformat(value), ctx.locale)
        case "money" if column.currency is None:
            return money.format(value, ctx.tenant.currency, ctx.locale)
        case "bool":
            return ctx.t(N_("Yes") if value else N_("No"))
        case "number" | "money" | "percent":
            # A decimal is kept as text, so that none of its digits is lost.
            return i18n.format_number(Decimal(value) if isinstance(value, str) else value, ctx.locale)
    return ", ".join(value) if isinstance(value, list) else str(value)


def to_answer(page: Page) -> Timeline:
    """Show a page of a timeline as the API does."""
    return Timeline(
        data=[
            TimelineEntry(
                id=entry.stored.id,
                event=entry.stored.name,
                at=entry.stored.occurred_at,
                title=entry.title,
                record_type=entry.stored.record_type,
                record_id=entry.stored.record_id,
                label=entry.stored.label,
                member_id=entry.stored.actor.member_id,
                actor=entry.actor,
                changes=list(entry.changes),
                activity=to_out(entry.activity) if entry.activity else None,
            )
            for entry in page.entries
        ],
        next=page.next,
    )
