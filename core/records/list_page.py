"""The page of a list as its template wants it: filters, views, columns, pager, and every link between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from core.ext.specs import Action, Column, RecordType
from core.kernel.errors import AppError
from core.records import actions, foreign, labels, lists, queries
from core.records.forms import options_url
from core.records.labels import MEMBER, Labels, target_of
from core.records.models import SavedView
from core.records.ops import TITLES, Filter
from core.records.query import LIMIT, LOOKS, ListQuery, parse_page
from core.records.shown import choices, column_view, place, row_view

OFFERED: Final = 200
TRAIL: Final = 10
_RESETS: Final = frozenset({"cursor", "back", "preview"})


@dataclass(slots=True)
class ListPage:
    """One list as a person looks at it."""

    ctx: Any
    type: RecordType
    query: ListQuery
    looks: dict[str, str]
    listing: lists.Listing
    views: Sequence[SavedView]
    actions: Sequence[Action]
    error: AppError | None = None
    offers: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    lent_names: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The list's address without any question."""
        return place(self.ctx, self.type)

    def link(self, **changes: Any) -> str:
        """The list's address with some parameters replaced, None removes one; a new question starts afresh."""
        pairs = self.query.pairs() + list(self.looks.items())
        if self.query.limit != LIMIT:
            pairs.append(("limit", str(self.query.limit)))
        if self.query.cursor and changes.keys() <= {"preview"}:
            pairs.append(("cursor", self.query.cursor))
        dropped = set(changes) | (_RESETS if not changes.keys() <= {"preview"} else set())
        kept = [(name, value) for name, value in pairs if name not in dropped]
        for name, value in changes.items():
            if value is not None:
                kept.extend((name, str(one)) for one in (value if isinstance(value, list) else [value]))
        return f"{self.address}?{urlencode(kept)}" if kept else self.address

    @property
    def question(self) -> str:
        """What a saved view of this list keeps."""
        return urlencode(self.query.pairs())

    @property
    def hidden(self) -> dict[str, Any]:
        """What the filter bar's forms carry along."""
        pairs = [*self.query.pairs(), *((k, v) for k, v in self.looks.items() if k not in _RESETS)]
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            if name != "q":
                found.setdefault(name, []).append(value)
        return dict(found)

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns that are shown."""
        may_edit = self.ctx.can(f"{self.type.permission}.edit") and not self.query.deleted
        return [column_view(self.ctx, column, editable=may_edit) for column in self.query.columns]

    @property
    def all_columns(self) -> list[dict[str, Any]]:
        """The columns that could be shown."""
        return [column_view(self.ctx, column) for column in self.type.columns]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records of this page."""
        columns, names = self.query.columns, self.listing.labels
        return [
            row_view(self.ctx, self.type, row, columns=columns, labels=names) for row in self.listing.rows
        ]

    @property
    def people(self) -> list[tuple[str, str]]:
        """The members that a filter or an assignment offers."""
        return [(str(key), label) for (kind, key), label in self.listing.labels.items() if kind == MEMBER]

    @property
    def filter_fields(self) -> list[dict[str, Any]]:
        """What may be filtered, with the values to choose from."""
        own = [self._filter_field(column) for column in self.type.columns if column.filterable]
        return own + [self._lent_field(column) for column in self.lent.values()]

    @property
    def lent(self) -> Mapping[str, Column]:
        """The conditions that other modules lend."""
        return lists.reading(self.ctx).foreign.get(self.type.key, {})

    def _lent_field(self, column: Column) -> dict[str, Any]:
        view = {**column_view(self.ctx, column), "ops": foreign.OPS[column.kind]}
        if isinstance(column, foreign.ForeignColumn) and column.declared.choices is not None:
            view["search_url"] = place(self.ctx, self.type, f"/conditions/{column.key}")
        return view

    def _filter_field(self, column: Column) -> dict[str, Any]:
        view = column_view(self.ctx, column)
        if column.kind == "member":
            view["options"] = self.people
        elif column.ref in self.offers:
            view["options"] = self.offers[column.ref]
        elif target_of(column):
            view["search_url"] = options_url(self.ctx, column.ref) or None
        return view

    @property
    def active(self) -> list[dict[str, str]]:
        """The filters in force, each with the address without it."""
        tokens = [item.token for item in self.query.filters]
        return [
            {
                "field": item.column.key,
                "title": self.ctx.t(item.column.title),
                "op": item.op,
                "op_title": self.ctx.t(TITLES[item.op]),
                "value": item.raw,
                "shown": self._shown(item),
                "remove": self.link(f=tokens[:place] + tokens[place + 1 :]),
            }
            for place, item in enumerate(self.query.filters)
        ]

    def _shown(self, item: Filter) -> str:
        titles = {value: self.ctx.t(label) for value, label, _ in choices(item.column, self.ctx.locale)}
        target = target_of(item.column)
        titles |= self.lent_names
        parts = []
        for raw, value in zip(item.raw.split(","), item.values, strict=False):
            name = self.listing.labels.get((target, value), "") if target else titles.get(raw, "")  # type: ignore[arg-type]
            parts.append(name or raw)
        return ", ".join(parts)

    @property
    def tabs(self) -> list[tuple[str, str, str, None]]:
        """All, mine, and the saved views."""
        found = [("all", self.ctx.t("All"), self.address, None)]
        owner = next(
            (c.key for c in self.type.columns if c.kind == "member" and c.attribute is self.type.owner), ""
        )
        if owner and self.ctx.actor.member_id:
            found.append(
                ("mine", self.ctx.t("Mine"), f"{self.address}?{urlencode({'f': f'{owner}:me:'})}", None)
            )
        for view in self.views:
            address = f"{self.address}?{view.query}{'&' if view.query else ''}view={view.id}"
            found.append((str(view.id), view.name, address, None))
        if self.query.deleted:
            found.append(("bin", self.ctx.t("Bin"), self.bin_address, None))
        return found

    @property
    def bin_address(self) -> str:
        """The list of what was deleted."""
        return f"{self.address}?deleted=1"

    @property
    def current(self) -> str:
        """The tab that is open: the named view, else the one whose question this is."""
        if self.looks.get("view"):
            return self.looks["view"]
        address = f"{self.address}?{self.question}" if self.question else self.address
        return next((tab[0] for tab in self.tabs if tab[2] == address), "")

    @property
    def pager(self) -> dict[str, Any]:
        """Where the next and the former page are; the way back is remembered in the address."""
        trail = self.looks["back"].split(".") if self.looks.get("back") else []
        cursor, following = self.query.cursor, None
        if self.listing.next:
            way = ".".join([*trail, cursor or "0"][-TRAIL:])
            following = self.link(cursor=self.listing.next, back=way)
        former = None
        if cursor:
            last = trail[-1] if trail else "0"
            former = self.link(cursor=None if last == "0" else last, back=".".join(trail[:-1]) or None)
        return {"next": following, "prev": former, "total": None, "shown": len(self.listing.rows)}

    @property
    def bulk(self) -> list[dict[str, Any]]:
        """The actions on selected records, those with a question by their dialog."""
        return [actions.bulk_view(self.ctx, self.type, action, self.question) for action in self.actions]

    @property
    def is_asked(self) -> bool:
        """Whether the list was narrowed down, so that its emptiness means something else."""
        return bool(self.query.filters or self.query.q or self.query.deleted)


async def load(ctx: Any, type_: RecordType, pairs: Sequence[tuple[str, str]]) -> ListPage:
    """Read a list's page in three statements: rows, labels with the members to offer, saved views.

    A type that points to others without pages costs a fourth: all that can be chosen of them.
    """
    folded, looks = fold(pairs)
    query, error = parse_page(type_, folded, lists.reading(ctx))
    listing = await lists.run(ctx, query, with_labels=False)
    has_people = any(column.kind == "member" for column in type_.columns)
    names = await named(ctx, query, query.columns, listing.rows, offered=OFFERED if has_people else 0)
    listing = lists.Listing(query, listing.rows, names, listing.next)
    views = await queries.views(ctx, type_.key)
    offers = await labels.choices(ctx, type_.columns, most=OFFERED)
    page = ListPage(
        ctx, type_, query, looks, listing, views, actions.of(ctx, type_, deleted=query.deleted), error, offers
    )
    page.lent_names = await lent_names(ctx, query)
    return page


async def named(
    ctx: Any, query: ListQuery, columns: Sequence[Column], rows: Sequence[Any], *, offered: int
) -> Labels:
    """Read the names of what rows and filters point to, and of so many members to offer, in one statement."""
    ids = labels.wanted(columns, rows)
    for item in query.filters:
        if target_of(item.column):
            ids.setdefault(target_of(item.column), set()).update(item.values)  # type: ignore[arg-type]
    return await labels.resolve(ctx, ids, offered=offered)


async def lent_names(ctx: Any, query: ListQuery) -> dict[str, str]:
    """Read the names of what the conditions of other modules ask for."""
    found: dict[str, str] = {}
    for item in query.filters:
        found |= dict(await foreign.offers(ctx, item.column, "", OFFERED))
    return found


def fold(pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Take what only pages know out of an address, and make one filter of the three that a plain form sends."""
    looks = {name: value[:2_000] for name, value in pairs if name in LOOKS and value}
    plain = [pair for pair in pairs if pair[0] not in LOOKS]
    parts = [looks.pop(name, "") for name in ("f.field", "f.op", "f.value")]
    if parts[0]:
        plain.append(("f", ":".join(parts)))
    return plain, looks
