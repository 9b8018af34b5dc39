"""Values for any struct, made from what its fields say of themselves; without Latin words, for pages in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any, get_args, get_origin

import msgspec

from core.kernel.validate import FieldMeta, fields

Ids = Mapping[str, Sequence[str]]
_numbers = count(1)

WORDS: Mapping[str, Callable[[int], Any]] = {
    "domain": lambda n: f"d{n}.example.com",
    "email": lambda n: f"{n}@example.com",
    "phone": lambda n: f"+86138{n:08d}",
    "url": lambda n: f"https://example.com/{n}",
    "currency": lambda n: "USD",
    "country": lambda n: "CN",
    "color": lambda n: "#2563eb",
    "locale": lambda n: "zh_CN",
    "timezone": lambda n: "Asia/Shanghai",
    "money": lambda n: 100_00 + n,
    "percent": lambda n: n % 100,
    "number": lambda n: 1 + n % 9,
    "bool": lambda n: bool(n % 2),
    "date": lambda n: (date(2027, 1, 1) + timedelta(days=n % 3650)).isoformat(),
    "datetime": lambda n: f"{date(2025, 1, 1) + timedelta(days=n % 300)}T08:00:00Z",
    "time": lambda n: "08:00:00",
    "tags": lambda n: ["要紧"],
    "object": lambda n: {},
    "passphrase": lambda n: f"一句只有自己知道的很长的话{n}",
}
NOT_SET = frozenset({"external_id", "parent_id"})


def sample(struct: type[msgspec.Struct], ids: Ids, *, full: bool = False) -> dict[str, Any]:
    """Make the body of a request: the required fields, or with ``full`` every field that can be filled."""
    number = next(_numbers)
    body = {}
    for meta in fields(struct):
        if not meta.required and (not full or meta.name in NOT_SET):
            continue
        value = value_of(meta, ids, number)
        if value is not None:
            body[meta.name] = value
    return body


def value_of(meta: FieldMeta, ids: Ids, number: int) -> Any:
    """A value for one field, None where nothing is known to refer to."""
    if meta.choices:
        return meta.choices[number % len(meta.choices)][0]
    if meta.name == "record_type":
        return "customer"
    if meta.name == "passphrase":
        return WORDS["passphrase"](number)
    if meta.kind in {"ref", "member"} or meta.name.endswith("_id"):
        found = ids.get(target_of(meta), ())
        return found[number % len(found)] if found else None
    if meta.name.endswith("_ids"):
        return list(ids.get(meta.name.removesuffix("_ids"), ())[:2])
    if meta.kind == "list":
        return [one for one in [_inner(meta.type, ids, number)] if one is not None]
    if meta.kind in WORDS:
        return WORDS[meta.kind](number)
    if isinstance(meta.type, type) and issubclass(meta.type, msgspec.Struct):
        return sample(meta.type, ids)
    if meta.type is date:
        return WORDS["date"](number)
    return f"样本{number}号"


def _inner(hint: Any, ids: Ids, number: int) -> Any:
    (inner, *_) = get_args(hint) or (str,)
    inner = get_args(inner)[0] if get_origin(inner) is not None and get_args(inner) else inner
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        return sample(inner, ids)
    return None


def target_of(meta: FieldMeta) -> str:
    """The record type that a field's id belongs to, by what it declares or by its name."""
    if meta.ref:
        return meta.ref
    stem = meta.name.removesuffix("_id")
    if meta.kind == "member" or stem in {"owner", "assignee", "member", "manager"}:
        return "member"
    return "customer" if stem == "record" else stem


def id_fields(struct: type[msgspec.Struct]) -> list[FieldMeta]:
    """The fields of a struct that take the id of a record."""
    return [
        meta
        for meta in fields(struct)
        if meta.kind in {"ref", "member"} or (meta.name.endswith("_id") and meta.name != "external_id")
    ]
