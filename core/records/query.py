"""Reads a list's address into a valid query, or refuses it with all its errors at once. Pure.

`f=field:op:value` any number of times (all must hold), `field=value` as sugar for equality, `sort=-field`,
`columns=a,b`, `q=text`, `limit`, `cursor`, `count=1`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from core.ext.specs import Column, RecordType
from core.kernel.errors import AppError, BadRequest, FieldError, Invalid
from core.kernel.i18n import N_
from core.records import foreign
from core.records.ops import OPS, Filter, Op, read_values
from core.records.values import Reading

MAX_LIMIT: Final = 200
LIMIT: Final = 50
MAX_FILTERS: Final = 20
MAX_SORTS: Final = 3
MAX_QUERY: Final = 200
NOT_SORTABLE: Final = frozenset({"member", "ref", "tags", "longtext"})
CONTROLS: Final = frozenset({"f", "sort", "columns", "q", "limit", "cursor", "count", "deleted"})
LOOKS: Final = frozenset({"view", "density", "preview", "back", "f.field", "f.op", "f.value"})
"""What pages alone understand; the API refuses it like any unknown name."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key and its direction."""

    column: Column
    descending: bool

    @property
    def token(self) -> str:
        """The key as it stands in an address."""
        return f"-{self.column.key}" if self.descending else self.column.key


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A valid question to a list."""

    type: RecordType
    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    columns: tuple[Column, ...] = ()
    q: str = ""
    limit: int = LIMIT
    cursor: str = ""
    count: bool = False
    deleted: bool = False
    is_stopped: bool = False
    """It asks for something that is not there any more: it finds nothing, rather than everything."""
    right: str = "view"
    """What the actor must be allowed to do with the records beside seeing them."""

    def pairs(self) -> list[tuple[str, str]]:
        """The question as pairs of an address, without the place in the list: what a saved view keeps."""
        pairs = [("f", item.token) for item in self.filters]
        if self.sort:
            pairs.append(("sort", ",".join(item.token for item in self.sort)))
        if self.columns and tuple(c.key for c in self.columns) != default_columns(self.type):
            pairs.append(("columns", ",".join(column.key for column in self.columns)))
        if self.q:
            pairs.append(("q", self.q))
        if self.deleted:
            pairs.append(("deleted", "1"))
        return pairs


@dataclass(slots=True)
class _Parse:
    """Collects what is right and what is wrong while an address is read."""

    type: RecordType
    reading: Reading
    filters: list[Filter] = field(default_factory=list)
    unknown: list[FieldError] = field(default_factory=list)
    wrong: list[FieldError] = field(default_factory=list)
    is_stopped: bool = False

    def column(self, key: str, path: str) -> Column | None:
        column = self.type.column(key)
        if column is None:
            text = N_("There is no field {field}.")
            self.unknown.append(FieldError(path, "unknown", text, {"field": key[:60]}))
        return column

    def filter(self, token: str) -> None:
        key, _, rest = token.partition(":")
        op, _, raw = rest.partition(":")
        self.add(key, op, raw, path=f"f.{key[:60]}")

    def filterable(self, key: str, path: str) -> Column | None:
        lent = self.reading.foreign.get(self.type.key, {}).get(key)
        if lent is not None or "." not in key:
            return lent or self.column(key, path)
        self.is_stopped = True
        text = N_("The condition {field} belongs to a module that is switched off, so nothing is found.")
        self.unknown.append(FieldError(path, "unknown", text, {"field": key[:60]}))
        return None

    def add(self, key: str, op: str, raw: str, *, path: str) -> None:
        column = self.filterable(key, path)
        if column is None:
            return
        if not column.filterable or op not in operations(column):
            params = {"field": column.key, "op": op[:20]}
            text = N_("The field {field} cannot be filtered by {op}.")
            self.unknown.append(FieldError(path, "unknown_operation", text, params))
            return
        known: Op = op
        try:
            values = read_values(column, known, raw, self.reading)
        except ValueError as error:
            self.wrong.append(FieldError(path, "value", str(error)))
        else:
            self.filters.append(Filter(column, known, values, raw))

    def sorts(self, raw: str) -> tuple[Sort, ...]:
        found: list[Sort] = []
        for token in raw.split(","):
            column = self.column(token.removeprefix("-"), "sort")
            if column is None:
                continue
            if not is_sortable(column):
                text = N_("The list cannot be sorted by {field}.")
                self.unknown.append(FieldError("sort", "not_sortable", text, {"field": column.key}))
            elif column.key not in {item.column.key for item in found}:
                found.append(Sort(column, token.startswith("-")))
        return tuple(found[:MAX_SORTS])

    def chosen(self, raw: str) -> tuple[Column, ...]:
        found = [self.column(key, "columns") for key in dict.fromkeys(raw.split(",")) if key]
        known = tuple(column for column in found if column is not None)
        # An address that names no column that there is must still show a list.
        return known or tuple(c for c in map(self.type.column, default_columns(self.type)) if c is not None)

    def limit(self, raw: str) -> int:
        if raw.isascii() and raw.isdigit() and len(raw) <= 5 and 1 <= int(raw) <= MAX_LIMIT:
            return int(raw)
        text = N_("This must be a whole number from 1 to {most}.")
        self.wrong.append(FieldError("limit", "range", text, {"most": MAX_LIMIT}))
        return LIMIT

    def flag(self, name: str, raw: str) -> bool:
        if raw not in {"0", "1"}:
            self.wrong.append(FieldError(name, "flag", N_("This must be 0 or 1.")))
        return raw == "1"

    def error(self) -> AppError | None:
        if len(self.filters) > MAX_FILTERS:
            text = N_("At most {most} conditions at once.")
            self.wrong.append(FieldError("f", "too_many", text, {"most": MAX_FILTERS}))
            del self.filters[MAX_FILTERS:]
        if self.unknown:
            return BadRequest(code="request.unknown_field", errors=[*self.unknown, *self.wrong])
        return Invalid(errors=self.wrong) if self.wrong else None


def operations(column: Column) -> tuple[Op, ...]:
    """Return what can be asked of a column."""
    return foreign.OPS[column.kind] if isinstance(column, foreign.ForeignColumn) else OPS[column.kind]


def is_sortable(column: Column) -> bool:
    """Tell whether a list may be sorted by `column`: people and links have no order of their own."""
    return column.sortable and column.kind not in NOT_SORTABLE


def default_columns(type_: RecordType) -> tuple[str, ...]:
    """Return the keys of the columns that a list shows unasked: the declared, else the first six."""
    return type_.default_columns or tuple(column.key for column in type_.columns[:6])


def parse(type_: RecordType, pairs: Iterable[tuple[str, str]], reading: Reading) -> ListQuery:
    """Read the pairs of an address.

    Raises BadRequest for unknown names, Invalid for wrong values, either with all errors.
    """
    query, error = read(type_, pairs, reading)
    if error is not None:
        raise error
    return query


def parse_page(
    type_: RecordType, pairs: Iterable[tuple[str, str]], reading: Reading
) -> tuple[ListQuery, AppError | None]:
    """Read the address of a page: what of it is right, and the error that tells what is not."""
    plain = [pair for pair in pairs if pair[0] not in LOOKS]
    return read(type_, plain, reading)


def read(
    type_: RecordType, pairs: Iterable[tuple[str, str]], reading: Reading
) -> tuple[ListQuery, AppError | None]:
    """Read the pairs of an address into what is right of them, and one error with all that is wrong."""
    state = _Parse(type_, reading)
    last: dict[str, str] = {}
    for name, raw in pairs:
        if "\x00" in raw:
            state.wrong.append(FieldError(name, "value", N_("This text cannot be searched for.")))
        elif name == "f":
            state.filter(raw)
        elif name == "columns":
            last[name] = f"{last[name]},{raw}" if name in last else raw
        elif name in CONTROLS:
            last[name] = raw
        else:
            state.add(name, "in" if "," in raw and _takes_in(type_, name) else "eq", raw, path=name)
    sort = state.sorts(last["sort"]) if last.get("sort") else ()
    columns = state.chosen(last.get("columns") or ",".join(default_columns(type_)))
    limit = state.limit(last["limit"]) if last.get("limit") else LIMIT
    flags = {name: state.flag(name, last[name]) for name in ("count", "deleted") if last.get(name)}
    error = state.error()
    query = ListQuery(
        type=type_,
        filters=tuple(state.filters),
        sort=sort,
        columns=columns,
        q=last.get("q", "").strip()[:MAX_QUERY],
        limit=limit,
        cursor=last.get("cursor", ""),
        count=flags.get("count", False),
        deleted=flags.get("deleted", False),
        is_stopped=state.is_stopped,
    )
    return query, error


def _takes_in(type_: RecordType, key: str) -> bool:
    column = type_.column(key)
    return column is not None and "in" in OPS[column.kind] and column.kind not in {"text", "longtext"}
