"""Turns what comes from outside into structs, or into all of its errors at once.

Owns: the reading of JSON, forms, files and settings, and the description of a struct's fields. Never writes.
"""

import json
import re
import types
import typing
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, UnsetType

from core.kernel.errors import BadRequest, Invalid
from core.kernel.i18n import N_
from core.kernel.kinds import Reading, Refused
from core.kernel.nodes import LEAVES, Choice, Leaf, Node, Number, Text
from core.kernel.shapes import AnyNode, Field, Items, Record, Table, Variants

__all__ = ["FieldMeta", "convert", "decode_json", "fields"]

S = TypeVar("S", bound=msgspec.Struct)

KEYS_MAX: Final = 100_000
DEPTH_MAX: Final = 32
_FIELDS_MAX: Final = 10_000


class FieldMeta(NamedTuple):
    """What forms, metadata and import mapping need to know of a field; texts are English message ids."""

    name: str
    kind: str
    required: bool
    title: str
    choices: tuple[tuple[Any, str], ...]
    max_length: int | None
    help: str
    type: Any
    ref: str = ""


def convert(
    struct: type[S],
    data: Mapping[str, Any],
    *,
    text: bool = False,
    region: str = "CN",
    zone: tzinfo | None = None,
) -> S:
    """Read data into a struct; raise Invalid (422) with every error, BadRequest (400) for unknown fields.

    With `text` the values are typed: '' is null or absent, numbers and days are read tolerantly, keys like
    'phones.0.number' build what they say, and instants without an offset are local to `zone`.
    Phones without a country code belong to `region`.
    """
    try:
        if text:
            data = _nested(data)
        return typing.cast(S, _record(struct).read(data, Reading(text, region, zone)))
    except Refused as refused:
        errors = refused.errors
    if any(error.code == "unknown" for error in errors):
        raise BadRequest(
            N_("The request has fields that do not exist here"), code="request.unknown_field", errors=errors
        )
    raise Invalid(errors=errors)


def _nested(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Build lists and objects from dotted keys; positions are ranks, so gaps close."""
    if not any("." in key for key in data):
        return data
    if len(data) > _FIELDS_MAX:
        raise BadRequest(code="request.too_large")
    root: dict[str, Any] = {}
    for key, value in data.items():
        *above, last = key.split(".")
        place = root
        for step in above[:DEPTH_MAX]:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                raise BadRequest()
            place = inner
        if isinstance(place.get(last), dict):
            raise BadRequest()
        place[last] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(entry) for key, entry in value.items()}
    if inner and all(key.isdecimal() and len(key) < 6 for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


class _Facts(NamedTuple):
    """A type without its wrappers, and what the wrappers said."""

    type: Any
    nullable: bool
    meta: Mapping[str, Any]


def _merge(hint: Any) -> _Facts:
    meta: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    nullable = False
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint, *notes = typing.get_args(hint)
            for note in reversed(notes):  # the outermost note is the last, and wins
                if isinstance(note, Meta):
                    extra = {**(note.extra or {}), **extra}
                    meta = {**_told(note), **meta}
        elif origin in (typing.Union, types.UnionType):
            inner = [one for one in typing.get_args(hint) if one not in (type(None), UnsetType)]
            nullable = nullable or type(None) in typing.get_args(hint)
            if len(inner) != 1:
                return _Facts(tuple(inner), nullable, {**meta, "extra": extra})
            hint = inner[0]
        else:
            return _Facts(hint, nullable, {**meta, "extra": extra})


_TOLD: Final = ("gt", "ge", "lt", "le", "pattern", "min_length", "max_length", "title", "description")


def _told(note: Meta) -> dict[str, Any]:
    return {name: value for name in _TOLD if (value := getattr(note, name)) is not None}


@cache
def _record(struct: type[msgspec.Struct]) -> Record:
    config = struct.__struct_config__
    record = Record(type=struct, tag=config.tag_field)
    _building[struct] = record  # a struct may contain itself
    try:
        record.fields = tuple(
            Field(one.name, one.encode_name, one.required, _node(one.type))
            for one in msgspec.structs.fields(struct)
        )
    finally:
        del _building[struct]
    return record


_building: dict[type[msgspec.Struct], Record] = {}


def _struct_node(struct: type[msgspec.Struct], nullable: bool) -> Node:
    record = _building.get(struct) or _record(struct)
    if not nullable:
        return record
    return Variants(nodes=(record,), nullable=True)


def _node(hint: Any) -> Node:
    kind, nullable, meta = _merge(hint)
    if isinstance(kind, tuple):
        return Variants(nodes=tuple(_node(one) for one in kind), nullable=nullable)
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return _choice(typing.get_args(kind), nullable)
    if origin is not None or kind in (list, dict, tuple, set, frozenset):
        return _container(origin or kind, typing.get_args(kind), nullable, meta)
    if kind is Any or kind is object:
        return AnyNode()
    if kind is str:
        return _text(nullable, meta)
    if kind in (int, float, Decimal):
        return _number(kind, nullable, meta)
    if kind in LEAVES:
        return Leaf(type=kind, nullable=nullable)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(tuple(kind), nullable)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct_node(kind, nullable)
    raise TypeError(f"fields of type {kind!r} cannot be read")


def _text(nullable: bool, meta: Mapping[str, Any]) -> Text:
    return Text(
        nullable=nullable,
        kind=meta["extra"].get("kind", "plain"),
        min_length=meta.get("min_length", 0),
        max_length=meta.get("max_length"),
        pattern=re.compile(meta["pattern"]) if "pattern" in meta else None,
    )


def _number(kind: Any, nullable: bool, meta: Mapping[str, Any]) -> Number:
    # msgspec has no bounds for Decimal, so those stand in `extra` under the same names.
    known = {**meta["extra"], **meta}
    return Number(
        type=kind,
        nullable=nullable,
        at_least=known.get("ge"),
        at_most=known.get("le"),
        more_than=known.get("gt"),
        less_than=known.get("lt"),
    )


def _choice(values: Iterable[Any], nullable: bool) -> Choice:
    members = [(one.value if isinstance(one, Enum) else one, one) for one in values if one is not None]
    return Choice(values=dict(members), by_text={str(key): one for key, one in members}, nullable=nullable)


def _container(origin: Any, inner: tuple[Any, ...], nullable: bool, meta: Mapping[str, Any]) -> Node:
    sizes = {
        "min_length": meta.get("min_length", 0),
        "max_length": meta.get("max_length"),
        "nullable": nullable,
    }
    if issubclass(origin, Mapping):
        key, value = inner or (str, Any)
        return Table(key=_node(key), value=_node(value), **sizes)
    if issubclass(origin, tuple) and inner and inner[-1] is not Ellipsis:
        raise TypeError("tuples of a fixed shape cannot be read: use a struct")
    build = next((one for one in (tuple, set, frozenset) if issubclass(origin, one)), list)
    return Items(item=_node(inner[0] if inner else Any), build=build, **sizes)


_KINDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "number",
    float: "number",
    Decimal: "number",
    bool: "bool",
    date: "date",
    datetime: "datetime",
    time: "time",
    UUID: "ref",
}


@cache
def fields(struct: type[msgspec.Struct]) -> tuple[FieldMeta, ...]:
    """Describe the fields of a struct in their order."""
    return tuple(_describe(one) for one in msgspec.structs.fields(struct))


def _describe(field: msgspec.structs.FieldInfo) -> FieldMeta:
    kind, nullable, meta = _merge(field.type)
    extra = meta["extra"]
    return FieldMeta(
        name=field.name,
        kind=extra.get("kind") or _kind_of(kind),
        required=field.required and not nullable,
        title=meta.get("title") or field.name.replace("_", " ").capitalize(),
        choices=tuple(extra.get("choices") or _choices_of(kind)),
        max_length=meta.get("max_length"),
        help=meta.get("description", ""),
        type=kind,
        ref=extra.get("ref", ""),
    )


def _kind_of(kind: Any) -> str:
    origin = typing.get_origin(kind) or kind
    if origin is typing.Literal or (isinstance(origin, type) and issubclass(origin, Enum)):
        return "choice"
    if origin in _KINDS:
        return _KINDS[origin]
    if isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset):
        (inner, *_) = typing.get_args(kind) or (Any,)
        return "tags" if _merge(inner).meta["extra"].get("kind") == "tag" else "list"
    return "object"


def _choices_of(kind: Any) -> Iterable[tuple[Any, str]]:
    if typing.get_origin(kind) is typing.Literal:
        values = [one for one in typing.get_args(kind) if one is not None]
    elif isinstance(kind, type) and issubclass(kind, Enum):
        values = [one.value for one in kind]
    else:
        values = []
    return [(value, str(value).replace("_", " ").capitalize()) for value in values]


def decode_json(body: bytes) -> Any:
    """Decode JSON strictly; raise BadRequest for what is not JSON, for duplicate keys, and beyond the limits."""
    try:
        value = msgspec.json.decode(body)
        keys, colons = _measure(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise BadRequest(detail=N_("The body is not valid JSON")) from None
    if keys > KEYS_MAX:
        raise BadRequest(code="request.too_large", detail=N_("The body has too many fields"))
    # Every key has one colon after it. When the colons of the text are those of the keys and the strings,
    # no key was lost to a duplicate; escaped colons would spoil the count, so they take the slow way too.
    if keys + colons != body.count(b":") or b"\\u003" in body:
        _refuse_duplicates(body)
    return value


def _measure(value: Any) -> tuple[int, int]:
    """Count the keys, and the colons inside strings; refuse what is nested too deeply."""
    keys = colons = 0
    level: list[Any] = [value]
    for _ in range(DEPTH_MAX + 1):
        below: list[Any] = []
        for one in level:
            if one.__class__ is str:
                colons += one.count(":")
            elif one.__class__ is dict:
                keys += len(one)
                colons += sum(key.count(":") for key in one)
                below += one.values()
            elif one.__class__ is list:
                below += one
        if not below:
            return keys, colons
        level = below
    raise BadRequest(code="request.too_deep", detail=N_("The body is nested too deeply"))


def _refuse_duplicates(body: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise BadRequest(code="request.duplicate_key", detail=N_("The body has a field twice"))

    try:
        json.loads(body, object_pairs_hook=once)
    except ValueError:
        raise BadRequest(detail=N_("The body is not valid JSON")) from None
