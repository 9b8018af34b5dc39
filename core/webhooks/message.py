"""What is sent: an event as the change feed shows it, in the envelope of Standard Webhooks; and samples to try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin
from uuid import UUID

import msgspec

from core.feed.schema import Change
from core.kernel.events import ActorRef, Event, Stored
from core.kernel.ids import uuid7
from core.tenancy.ctx import Ctx


def payload(event: Stored) -> dict[str, Any]:
    """The body of a message as JSON values."""
    found: dict[str, Any] = msgspec.to_builtins(
        {"type": event.name, "timestamp": event.occurred_at, "data": Change.of(event)}
    )
    return found


def encoded(body: Mapping[str, Any]) -> bytes:
    """The bytes of a body, the same at every try."""
    return msgspec.json.encode(body)


def sample(ctx: Ctx, event: type[Event], message_id: UUID) -> dict[str, Any]:
    """A body like those of an event, made up: of nobody's records."""
    own = {
        field.name: _value(field.name, field.type)
        for field in msgspec.structs.fields(event)
        if field.name not in Event.__struct_fields__
    }
    stored = Stored(
        id=message_id,
        name=event.name,
        version=event.version,
        record_type=event.record_type(),
        record_id=uuid7(),
        occurred_at=ctx.now(),
        actor=ActorRef(kind="member", member_id=ctx.actor.member_id, name=ctx.actor.name),
        request_id=ctx.request_id,
        position=0,
        label=LABELS.get(event.record_type(), "Blue Harbor Trading Ltd"),
        changes={"name": ["Blue Harbor", "Blue Harbor Trading Ltd"]}
        if event.name.endswith(".updated")
        else {},
        data=msgspec.to_builtins(own),
    )
    return payload(stored)


LABELS: Final = {
    "contact": "Mei Lin",
    "lead": "Request of Mei Lin, Blue Harbor",
    "deal": "Annual supply 2027",
    "task": "Call back about the offer",
    "activity": "Phone call about delivery dates",
    "file": "Offer 2027.pdf",
    "member": "Chen Wei",
    "pipeline": "Sales",
    "stage": "Negotiation",
}
WORDS: Final[Mapping[str, Any]] = {
    "number": "C-00042",
    "currency": "CNY",
    "reason": "Better terms of payment",
    "competitor": "Northwind",
    "from_stage": "Offer",
    "to_stage": "Negotiation",
    "merged_name": "Blue Harbour",
    "merged_number": "C-00017",
    "kind": "call",
    "media_type": "application/pdf",
    "record_type_key": "customer",
    "role": "decider",
    "level": "view",
}
NUMBERS: Final[Mapping[str, int]] = {
    "amount_minor": 12_800_000,
    "size_bytes": 184_320,
    "rows": 250,
    "created": 120,
}
_PLAIN: Final[Mapping[Any, Callable[[str], Any]]] = {
    str: lambda name: str(uuid7()) if name.endswith("_id") else WORDS.get(name, "Sample"),
    int: lambda name: NUMBERS.get(name, 3),
    float: lambda name: 3.5,
    bool: lambda name: True,
    UUID: lambda name: uuid7(),
    datetime: lambda name: datetime.now(UTC).replace(microsecond=0),
    date: lambda name: datetime.now(UTC).date(),
}


def _value(name: str, hint: Any) -> Any:
    """Something believable for a field; empty where its shape says nothing."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(inner for inner in get_args(hint) if inner is not NoneType)
    if hint in _PLAIN:
        return _PLAIN[hint](name)
    origin = get_origin(hint) or hint
    if origin in (dict, Mapping):
        return {}
    return [] if origin in (list, tuple, set, frozenset) else None
