"""Statements that are compiled once and go to the driver directly, past the mapper's executor and its results.

Owns the translation of values and rows for them. Emits nothing. Never opens a connection: whoever has a
transaction runs them (``session.run``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Executable, Float, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

_DIALECT: Final = asyncpg_dialect(  # type: ignore[no-untyped-call]
    json_serializer=lambda value: msgspec.json.encode(value).decode(), json_deserializer=msgspec.json.decode
)
_FLOAT, _NUMERIC = 701, 1700
"""The server's numbers of these types."""


class Runs(Protocol):
    """A session that can send a prepared statement."""

    async def run(self, statement: Statement, values: Mapping[str, Any] | None = None) -> list[Any]: ...


class Opens(Runs, Protocol):
    """A session that can ask something with the opening of its transaction."""

    async def finds_none(self, question: str) -> bool: ...


class Row(msgspec.Struct):
    """A row: its columns by name, and one after the other."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the values in the order of the columns."""
        return iter(astuple(self))


class Statement:
    """A statement of SQLAlchemy Core, or a written one, with the values that it takes by name.

    Rows come back as structs. Statements whose text depends on their values (``IN`` of a list) are not
    possible here.
    """

    def __init__(self, source: Executable) -> None:
        assert isinstance(source, ClauseElement)  # noqa: S101 - narrows the type
        self.source = source
        self._make: Callable[[Any], Any] | None = None

    @cached_property
    def _compiled(self) -> Any:
        compiled: Any = self.source.compile(dialect=_DIALECT)
        if compiled.post_compile_params:
            raise TypeError(f"the text of this statement depends on its values: {compiled}")
        return compiled

    @cached_property
    def sql(self) -> str:
        """What is sent."""
        return str(self._compiled)

    @cached_property
    def _binds(self) -> Sequence[tuple[str, Callable[[Any], Any] | None]]:
        """Name and translation of each parameter, in the order in which they are sent."""
        compiled = self._compiled
        return [(name, compiled._bind_processors.get(name)) for name in compiled.positiontup or ()]

    @cached_property
    def _fixed(self) -> Mapping[str, Any]:
        """The values that the statement brings along."""
        compiled = self._compiled
        return {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}

    @cached_property
    def _translations(self) -> Sequence[tuple[int, Callable[[Any], Any]]]:
        """Which places of a row have to be translated."""
        columns = enumerate(self._compiled._result_columns)
        found = ((place, _translation(column.type)) for place, column in columns)
        return [(place, translate) for place, translate in found if translate is not None]

    def _maker(self, records: Sequence[Any]) -> Callable[[Any], Any]:
        """What makes a row; a written statement tells its columns with its first answer only."""
        names = [column.keyname for column in self._compiled._result_columns] or list(records[0].keys())
        # A struct and no tuple: who shows rows reads them by name, and msgspec takes a tuple for a list.
        unique = [
            name if name.isidentifier() and names.index(name) == n else f"c{n}"
            for n, name in enumerate(names)
        ]
        kind: Any = msgspec.defstruct("Row", unique, bases=(Row,), gc=False)

        def make(values: Any) -> Any:
            return kind(*values)

        translations = self._translations
        if not translations:
            return make

        def translated(record: Any) -> Any:
            values = list(record)
            for place, translate in translations:
                values[place] = translate(values[place])
            return make(values)

        return translated

    def arguments(self, values: Mapping[str, Any] | None) -> list[Any]:
        """The values in the order in which they are sent, as the driver takes them; a missing one is a KeyError."""
        given = {**self._fixed, **(values or {})}
        return [
            given[name] if translate is None else translate(given[name]) for name, translate in self._binds
        ]

    def rows(self, records: Sequence[Any]) -> list[Any]:
        """The driver's rows as structs."""
        if not records:
            return []
        if self._make is None:
            self._make = self._maker(records)
        return list(map(self._make, records))


def _translation(type_: Any) -> Callable[[Any], Any] | None:
    # Numbers alone are translated by what the server says that they are.
    oid = _FLOAT if isinstance(type_, Float) else _NUMERIC
    found: Callable[[Any], Any] | None = type_._cached_result_processor(_DIALECT, oid)
    return found


@dataclass(frozen=True, slots=True)
class Write:
    """What a transaction writes at its end: statements without an answer, sent with others in one message.

    ``clauses`` are named parts of a WITH; parts of one message write different tables, and names of values
    differ. Where ``check`` is set, it is told how many rows the last clause returned.
    """

    clauses: tuple[tuple[str, str], ...]
    values: Mapping[str, Any]
    check: Callable[[int], None] | None = None


async def send(session: Runs, writes: Sequence[Write]) -> None:
    """Write everything in one message."""
    if not writes:
        return
    values = {name: value for write in writes for name, value in write.values.items()}
    (row,) = await session.run(
        _joined(tuple((write.clauses, write.check is not None) for write in writes)), values
    )
    for write, count in zip(writes, row, strict=True):
        if write.check is not None:
            write.check(count)


@lru_cache(64)
def _joined(parts: tuple[tuple[tuple[tuple[str, str], ...], bool], ...]) -> Statement:
    # Made of constants of the modules alone; every value is bound.
    clauses = ", ".join(f"{name} AS ({sql})" for named, _ in parts for name, sql in named)
    counts = ", ".join(_count(named[-1][0]) if is_checked else "0" for named, is_checked in parts)
    return Statement(text(f"WITH {clauses} SELECT {counts}"))


def _count(clause: str) -> str:
    return f"(SELECT count(*) FROM {clause})"  # noqa: S608 - a constant, as above
