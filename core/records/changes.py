"""Applies a patch to a record and says what changed, for events and history."""

from __future__ import annotations

from typing import Any

import msgspec


def apply(record: Any, patch: msgspec.Struct) -> dict[str, tuple[Any, Any]]:
    """Set the fields of a patch that are given and differ; give each with its values before and after as JSON."""
    changes: dict[str, tuple[Any, Any]] = {}
    for name in patch.__struct_fields__:
        after = getattr(patch, name)
        if after is msgspec.UNSET:
            continue
        before = getattr(record, name)
        if before != after:
            setattr(record, name, after)
            changes[name] = (msgspec.to_builtins(before), msgspec.to_builtins(after))
    return changes


def trimmed(record: Any, patch: msgspec.Struct) -> Any:
    """Return a patch without what the record holds already.

    Forms send every field: whoever leaves an owner who is gone, or a customer that he may not see, as it is,
    chooses nothing that had to be checked.
    """
    same = [name for name in patch.__struct_fields__ if _is_same(record, name, getattr(patch, name))]
    return msgspec.structs.replace(patch, **dict.fromkeys(same, msgspec.UNSET)) if same else patch


def _is_same(record: Any, name: str, value: Any) -> bool:
    return value is not msgspec.UNSET and hasattr(record, name) and getattr(record, name) == value


def fields(data: msgspec.Struct) -> dict[str, Any]:
    """The given fields of a struct by name, nested structs left as they are."""
    return {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
