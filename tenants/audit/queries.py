"""Reads both logs as one, newest first, by the ids of events, which follow time on either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.activities import timeline
from core.kernel.events import ActorRef, LogQuery, Stored, conditions, log
from core.kernel.validate import convert
from core.tenancy.control import Control
from core.tenancy.control_log import ControlEvent
from core.tenancy.ctx import Ctx
from tenants.audit.schema import AuditChange, AuditEntry, AuditQuery

PAGE = 50


def asked(sent: Mapping[str, str]) -> AuditQuery:
    """The question of an address; other parameters are somebody else's. Raises ``Invalid`` with all errors."""
    found = {name: sent[name] for name in AuditQuery.__struct_fields__ if sent.get(name)}
    return convert(AuditQuery, found, text=True)


async def entries(
    ctx: Ctx, control: Control, question: AuditQuery, *, after: UUID | None = None, limit: int = PAGE
) -> list[AuditEntry]:
    """Read entries, newest first, older than ``after``."""
    query = _bounds(ctx, question, after)
    inside = await log(ctx.session, query, limit=limit)
    around = await _control(control, ctx.tenant.id, query, limit=limit)
    addresses = {event.id: event.address for event in around}
    found = sorted([*inside, *map(_stored, around)], key=lambda one: one.id, reverse=True)[:limit]
    return [_entry(ctx, told, addresses) for told in await timeline.tell(ctx, found)]


def kinds(ctx: Ctx) -> list[tuple[str, str]]:
    """What entries can be about: the types of records, then whatever else the workspace's modules tell of."""
    registry = ctx.machinery.registry
    found: dict[str, str] = {}
    for event in registry.events.values():
        owner = registry.owners.get(id(event), "")
        if not registry.is_on(owner, ctx.tenant.plugins):
            continue
        type_ = registry.records.get(event.record_type())
        title = type_.title if type_ else registry.modules[owner].manifest.title
        found.setdefault(event.record_type(), ctx.t(title))
    return sorted(found.items(), key=lambda pair: pair[1])


def _bounds(ctx: Ctx, asked: AuditQuery, after: UUID | None) -> LogQuery:
    return LogQuery(
        before=after,
        since=_start(ctx, asked.since) if asked.since else None,
        until=_start(ctx, _following(asked.until)) if asked.until else None,
        member_id=asked.who,
        key_id=asked.key,
        record_type=asked.what,
        record_id=asked.record,
    )


def _start(ctx: Ctx, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ctx.zone)


def _following(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


async def _control(
    control: Control, tenant_id: UUID, query: LogQuery, *, limit: int
) -> Sequence[ControlEvent]:
    statement = select(ControlEvent).where(
        ControlEvent.tenant_id == tenant_id, *conditions(query, ControlEvent)
    )
    if query.record_type:
        statement = statement.where(ControlEvent.record_type == query.record_type)
    if query.record_id is not None:
        statement = statement.where(ControlEvent.record_id == query.record_id)
    return (await control.session.scalars(statement.order_by(ControlEvent.id.desc()).limit(limit))).all()


def _stored(event: ControlEvent) -> Stored:
    return Stored(
        id=event.id,
        name=event.name,
        version=event.version,
        record_type=event.record_type,
        record_id=event.record_id,
        occurred_at=event.occurred_at,
        actor=ActorRef(
            kind=event.actor_kind, member_id=event.member_id, key_id=event.key_id, name=event.actor_name
        ),
        request_id=event.request_id,
        label=event.label,
        changes=event.changes,
        data=event.data,
    )


def _entry(ctx: Ctx, told: timeline.Entry, addresses: dict[UUID, str]) -> AuditEntry:
    stored = told.stored
    data: dict[str, Any] = dict(stored.data)
    return AuditEntry(
        id=stored.id,
        at=stored.occurred_at,
        source="account" if stored.id in addresses else "workspace",
        event=stored.name,
        title=told.title,
        actor_kind=stored.actor.kind,
        actor=stored.actor.name,
        member_id=stored.actor.member_id,
        key_id=stored.actor.key_id,
        record_type=stored.record_type,
        record_id=stored.record_id,
        # A module is called what its manifest says, in the reader's language.
        label=ctx.t(stored.label) if stored.record_type == "plugin" else stored.label,
        address=addresses.get(stored.id, ""),
        request_id=stored.request_id,
        changes=[
            AuditChange(field=one.field, title=one.title, before=one.before, after=one.after)
            for one in told.changes
        ],
        data=data,
    )
