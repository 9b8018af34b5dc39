"""Writes events and their outbox rows in the transaction that caused them, in one statement.

Owns the insert into ``event``, ``event_body``, ``event_link`` and ``cell.outbox``. Never reads, never
commits.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from core.kernel.events.types import ActorRef, Event, HasActor, Stored
from core.kernel.ids import uuid7
from core.kernel.statements import Runs, Write, send
from core.kernel.texts import texts

SALT_BYTES = 16


class Tenant(Protocol):
    """What the writer needs of a tenant."""

    @property
    def id(self) -> UUID: ...


_CLAUSES = (
    (
        "event_rows",
        """
    INSERT INTO event (id, name, version, record_type, record_id, actor_kind, member_id, key_id,
                       request_id, occurred_at, digest)
    SELECT id, name, version, record_type, record_id, CAST(:actor_kind AS text), CAST(:member_id AS uuid),
           CAST(:key_id AS uuid), CAST(:request_id AS text), CAST(:now AS timestamptz), digest
    FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(:names AS text[]),
                CAST(CAST(:versions AS text[]) AS int[]),
                CAST(:record_types AS text[]), CAST(CAST(:record_ids AS text[]) AS uuid[]),
                CAST(CAST(:digests AS text[]) AS bytea[]))
         AS e (id, name, version, record_type, record_id, digest)
""",
    ),
    (
        "body_rows",
        """
    INSERT INTO event_body (event_id, salt, label, actor_name, changes, data, links)
    SELECT id, salt, label, CAST(:actor_name AS text), CAST(changes AS jsonb), CAST(data AS jsonb),
           CAST(links AS jsonb)
    FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]),
                CAST(CAST(:salts AS text[]) AS bytea[]), CAST(:labels AS text[]),
                CAST(:changes AS text[]), CAST(:data AS text[]), CAST(:links AS text[]))
         AS b (id, salt, label, changes, data, links)
""",
    ),
    (
        "link_rows",
        """
    INSERT INTO event_link (record_type, record_id, occurred_at, event_id, event_name)
    SELECT record_type, record_id, coalesce(happened_at, CAST(:now AS timestamptz)), event_id, event_name
    FROM unnest(CAST(:link_types AS text[]), CAST(CAST(:link_records AS text[]) AS uuid[]),
                CAST(CAST(:link_events AS text[]) AS uuid[]), CAST(:link_names AS text[]),
                CAST(CAST(:link_instants AS text[]) AS timestamptz[]))
         AS l (record_type, record_id, event_id, event_name, happened_at)
""",
    ),
    (
        "outbox_rows",
        """
INSERT INTO cell.outbox (event_id, tenant_id, event_name)
SELECT id, CAST(:tenant_id AS uuid), name
FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(:names AS text[])) AS o (id, name)
""",
    ),
)


async def write(
    session: Runs,
    *,
    tenant: Tenant,
    actor: HasActor,
    events: Sequence[Event],
    now: datetime,
    request_id: str = "",
) -> list[UUID]:
    """Write the events of a transaction and their outbox rows now; see :func:`written`."""
    ids, found = written(tenant=tenant, actor=actor, events=events, now=now, request_id=request_id)
    if found is not None:
        await send(session, [found])
    return ids


def written(
    *, tenant: Tenant, actor: HasActor, events: Sequence[Event], now: datetime, request_id: str = ""
) -> tuple[list[UUID], Write | None]:
    """What writes the events of a transaction and their outbox rows.

    Give the ids of those that were left after coalescing.
    """
    kept = coalesce(events)
    if not kept:
        return [], None
    who = ActorRef.of(actor)
    ids = [uuid7() for _ in kept]
    values = {
        "tenant_id": tenant.id,
        "now": now,
        "request_id": request_id,
        "actor_kind": who.kind,
        "member_id": who.member_id,
        "key_id": who.key_id,
        "actor_name": who.name,
        "ids": texts(ids),
        **_columns(kept, who.name),
        **_links(kept, ids),
    }
    return ids, Write(_CLAUSES, values)


def coalesce(events: Iterable[Event]) -> list[Event]:
    """Merge the ``*.updated`` events of one subject into the last of them, from the first values to the last.

    An update that ends where it began is dropped; an update without recorded changes stays.
    """
    kept: dict[object, Event] = {}
    for number, event in enumerate(events):
        if not event.name.endswith(".updated"):
            kept[number] = event
            continue
        key = (event.name, event.subject_id)
        earlier = kept.pop(key, None)
        kept[key] = _merged(earlier, event) if earlier is not None else event
    return [event for event in kept.values() if not _is_idle(event)]


def _merged(earlier: Event, later: Event) -> Event:
    changes = dict(earlier.changes)
    for field, (before, after) in later.changes.items():
        changes[field] = (changes[field][0] if field in changes else before, after)
    links = tuple(dict.fromkeys((*earlier.links, *later.links)))
    return msgspec.structs.replace(later, changes=changes, links=links)


def _is_idle(event: Event) -> bool:
    return (
        event.name.endswith(".updated")
        and bool(event.changes)
        and all(before == after for before, after in event.changes.values())
    )


def digest_of(salt: bytes, label: str, actor_name: str, values: Mapping[str, Any]) -> bytes:
    """SHA-256 over the salt and the canonical JSON of an event's values.

    The salt goes with the values when they are erased, so that a digest cannot be tried against guessed
    values.
    """
    canonical = msgspec.json.encode([label, actor_name, values], order="sorted")
    return hashlib.sha256(salt + canonical).digest()


def verify(stored: Stored, salt: bytes, digest: bytes) -> bool:
    """Whether the values read back are those that were written."""
    values = {"changes": stored.changes, "data": stored.data, "links": _plain(stored.links)}
    return digest_of(salt, stored.label, stored.actor.name, _plain(values)) == digest


def _columns(events: Sequence[Event], actor_name: str) -> dict[str, list[Any]]:
    random = os.urandom(SALT_BYTES * len(events))
    salts = [random[start : start + SALT_BYTES] for start in range(0, len(random), SALT_BYTES)]
    bodies = [
        _plain({"changes": event.changes, "data": event.data(), "links": event.links}) for event in events
    ]
    return {
        "names": [event.name for event in events],
        "versions": texts(event.version for event in events),
        "record_types": [event.record_type() for event in events],
        "record_ids": texts(event.subject_id for event in events),
        "labels": [event.label for event in events],
        "salts": texts(salts),
        "digests": texts(
            digest_of(salt, event.label, actor_name, body)
            for salt, event, body in zip(salts, events, bodies, strict=True)
        ),
        **{
            column: [msgspec.json.encode(body[column]).decode() for body in bodies]
            for column in ("changes", "data", "links")
        },
    }


def _links(events: Sequence[Event], ids: Sequence[UUID]) -> dict[str, list[Any]]:
    rows = [
        (kind, record_id, event_id, event.name, event.happened_at)
        for event, event_id in zip(events, ids, strict=True)
        for kind, record_id in dict.fromkeys(((event.record_type(), event.subject_id), *event.links))
    ]
    kinds, records, event_ids, names, instants = zip(*rows, strict=True)
    return {
        "link_types": list(kinds),
        "link_records": texts(records),
        "link_events": texts(event_ids),
        "link_names": list(names),
        "link_instants": [at.isoformat() if at else None for at in instants],
    }


def _plain(value: Any) -> Any:
    """Reduce a value to what JSON in the database gives back unchanged (it has one kind of number)."""
    return _whole(msgspec.to_builtins(value))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
