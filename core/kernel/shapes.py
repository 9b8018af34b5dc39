"""Readers of what holds other values: lists, objects, structs, unions.

Errors of all parts are collected before any is raised. Never reads a scalar itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from core.kernel.errors import AppError, FieldError
from core.kernel.i18n import N_
from core.kernel.kinds import Reading, Refused, clean
from core.kernel.nodes import Node, Text, required

__all__ = ["AnyNode", "Field", "Items", "Record", "Table", "Variants"]

_ABSENT: Final = object()
_SPLIT: Final = re.compile(r"[,，;；、\n]")
_DEPTH_MAX: Final = 32


def below(key: object, refused: Refused) -> list[FieldError]:
    """Move errors one step down, under a field's name or an entry's position."""
    return [
        FieldError(f"{key}.{error.path}" if error.path else str(key), error.code, error.message, error.params)
        for error in refused.errors
    ]


@dataclass(slots=True, kw_only=True)
class Items(Node):
    """Reads a list, tuple or set."""

    item: Node
    build: Callable[[list[Any]], Any] = list
    min_length: int = 0
    max_length: int | None = None

    def read(self, value: Any, reading: Reading) -> Any:
        """Read every entry; typed text is split at commas."""
        if reading.text and isinstance(value, str):
            value = [part for part in _SPLIT.split(value) if part.strip()]
        elif reading.text and isinstance(value, list):
            value = [part for part in value if not (isinstance(part, str) and not part.strip())]
        if not isinstance(value, list | tuple | set | frozenset):
            raise Refused.because("type", N_("Give a list"))
        if len(value) < self.min_length:
            raise Refused.because("min_length", N_("Give at least {min} entries"), min=self.min_length)
        if self.max_length is not None and len(value) > self.max_length:
            raise Refused.because("max_length", N_("Give at most {max} entries"), max=self.max_length)
        items, errors = [], []
        for position, entry in enumerate(value):
            try:
                items.append(self.item.read_any(entry, reading))
            except Refused as refused:
                errors += below(position, refused)
        if errors:
            raise Refused(*errors)
        return self.build(items)


@dataclass(slots=True, kw_only=True)
class Table(Node):
    """Reads an object with free keys."""

    key: Node
    value: Node
    min_length: int = 0
    max_length: int | None = None

    def read(self, value: Any, reading: Reading) -> dict[Any, Any]:
        """Read every key and value."""
        if not isinstance(value, Mapping):
            raise Refused.because("type", N_("Give an object"))
        if self.max_length is not None and len(value) > self.max_length:
            raise Refused.because("max_length", N_("Give at most {max} entries"), max=self.max_length)
        if len(value) < self.min_length:
            raise Refused.because("min_length", N_("Give at least {min} entries"), min=self.min_length)
        items: dict[Any, Any] = {}
        errors: list[FieldError] = []
        for key, entry in value.items():
            try:
                items[self.key.read_any(key, reading)] = self.value.read_any(entry, reading)
            except Refused as refused:
                errors += below(key, refused)
        if errors:
            raise Refused(*errors)
        return items


@dataclass(slots=True, kw_only=True)
class AnyNode(Node):
    """Reads anything that JSON can say, cleaning the texts inside."""

    nullable: bool = True

    def read(self, value: Any, reading: Reading) -> Any:
        """Clean a free value."""
        return _free(value, 0)


def _free(value: Any, depth: int) -> Any:
    if depth > _DEPTH_MAX:
        raise Refused.because("type", N_("This is nested too deeply"))
    if isinstance(value, str):
        return clean(value, trim=False)
    if isinstance(value, list | tuple):
        return [_free(entry, depth + 1) for entry in value]
    if isinstance(value, Mapping):
        return {clean(str(key)): _free(entry, depth + 1) for key, entry in value.items()}
    return value


@dataclass(slots=True)
class Field:
    """A field of a struct: where its value is found, where it goes, how it is read."""

    name: str
    key: str
    required: bool
    node: Node


@dataclass(slots=True, kw_only=True)
class Record(Node):
    """Reads a struct."""

    type: type[msgspec.Struct]
    fields: tuple[Field, ...] = ()
    tag: str | None = None

    def read(self, value: Any, reading: Reading) -> Any:
        """Read every field, in the order of declaration, then refuse what is not declared."""
        if value.__class__ is self.type:
            return value
        if not isinstance(value, Mapping):
            raise Refused.because("type", N_("Give an object"))
        values: dict[str, Any] = {}
        errors: list[FieldError] = []
        seen = 0 if self.tag is None or self.tag not in value else 1
        for field in self.fields:
            raw = value.get(field.key, _ABSENT)
            if raw is _ABSENT:
                if field.required:
                    errors += below(field.key, required())
                continue
            seen += 1
            try:
                self._field(field, raw, reading, values)
            except Refused as refused:
                errors += below(field.key, refused)
        if seen != len(value):
            errors += self._unknown(value)
        if errors:
            raise Refused(*errors)
        return self._build(values)

    def _field(self, field: Field, raw: Any, reading: Reading, values: dict[str, Any]) -> None:
        node = field.node
        if reading.text:
            raw = _typed(raw, node)
        if raw is not None and raw is not msgspec.UNSET:
            values[field.name] = node.read(raw, reading)
        elif raw is None and node.nullable:
            values[field.name] = None
        elif field.required or (raw is None and not reading.text):
            raise required()

    def _unknown(self, value: Mapping[str, Any]) -> list[FieldError]:
        known = {field.key for field in self.fields} | {self.tag}
        return [
            FieldError(str(key)[:100], "unknown", N_("There is no such field"))
            for key in value
            if key not in known
        ]

    def _build(self, values: dict[str, Any]) -> Any:
        try:
            return self.type(**values)
        except AppError as error:
            if not error.errors:
                raise
            raise Refused(*error.errors) from None
        except Refused:
            raise
        except (ValueError, TypeError) as error:
            # A struct's own __post_init__ says in its message (an N_ text) why its fields do not go together.
            raise Refused.because(
                "pattern", str(error) or N_("This does not have the expected form")
            ) from None


def _typed(raw: Any, node: Node) -> Any:
    """Reduce what a form sends: the last of repeated values, nothing for an empty one."""
    if isinstance(raw, list) and not isinstance(node, Items | AnyNode):
        raw = raw[-1] if raw else ""
    if (
        raw.__class__ is str
        and not raw.strip()
        and not (isinstance(node, Text) and node.kind == "secret" and raw)
    ):
        return None
    return raw


@dataclass(slots=True, kw_only=True)
class Variants(Node):
    """Reads a union: of tagged structs by their tag, of other types by trying each."""

    nodes: tuple[Node, ...]

    def read(self, value: Any, reading: Reading) -> Any:
        """Read by the first variant that fits."""
        if isinstance(value, Mapping):
            return self._record(value, reading)
        refusals: list[Refused] = []
        for node in self.nodes:
            try:
                return node.read(value, reading)
            except Refused as refused:
                refusals.append(refused)
        raise refusals[-1]

    def _record(self, value: Mapping[str, Any], reading: Reading) -> Any:
        tagged = {}
        for node in self.nodes:
            if isinstance(node, Record) and node.tag is not None:
                tagged[str(node.type.__struct_config__.tag)] = node
            elif isinstance(node, Record | Table | AnyNode):
                return node.read(value, reading)
        if not tagged:
            return self.nodes[-1].read(value, reading)
        name = str(next(iter(tagged.values())).tag)
        found = tagged.get(str(value.get(name)))
        if found is None:
            message = N_("Choose one of: {choices}")
            raise Refused(FieldError(name, "choice", message, {"choices": ", ".join(tagged)}))
        return found.read(value, reading)
