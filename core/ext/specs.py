"""The structs that modules return from hooks: declarations only, frozen, tagged with their module by the registry.

Titles are English message ids marked with ``N_``; whoever shows them translates them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from core.ext.person import Person as Person

Reach = Literal["none", "own", "team", "all"]
Tone = Literal["neutral", "info", "success", "warning", "danger"]


class Spec(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Anything a hook returns; ``plugin`` is the key of the module that declared it."""

    plugin: str = ""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a module costs a month, in minor units: for the workspace, or for each of its members."""

    amount_minor: int
    currency: str = "USD"
    per: Literal["workspace", "seat"] = "workspace"


class Manifest(Spec, frozen=True, kw_only=True):
    """What a module is, and who may switch it: nobody, every tenant, or whoever takes it from the marketplace.

    ``key`` is dotted (``marketing.forms``); the module's tables begin with it, dots as underscores. ``docs`` is
    a Markdown file and ``screenshots`` are pictures in the package's ``docs``, each in another language as
    ``name.zh_CN.webp``; ``scopes`` are what it wants to do beyond its own permissions; ``requires_core`` the versions
    of the product it runs on (``>=0.1,<2``). In its trial a module costs nothing.
    """

    key: str
    title: str
    summary: str = ""
    kind: Literal["locked", "default_on", "optional"] = "optional"
    category: str = ""
    version: str = "1.0.0"
    requires: tuple[str, ...] = ()
    icon: str = "puzzle"
    author: str = "Guanxi"
    price: Price | None = None
    trial_days: int = 0
    docs: str = ""
    screenshots: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    requires_core: str = ""


class Permission(Spec, frozen=True, kw_only=True):
    """A right to declare routes with; ``reach`` maps a built-in role to how far it goes by default.

    ``scope`` is what an API key needs for it; left out, it follows from the name: ``<resource>:read|write``.
    """

    name: str
    title: str
    reach: Mapping[str, Reach]
    scope: str | None = None


class Nav(Spec, frozen=True, kw_only=True):
    """An entry of the menu and the palette; ``url`` is relative to the workspace, ``also`` further addresses
    under which the entry is the current one, ``short`` a word for the bar of a phone. On the page of all settings
    ``section`` is the heading it stands under, and ``hint`` a sentence on its card.

    The group ``palette`` is for what the palette alone offers, ``switcher`` stands below the workspaces.
    """

    key: str
    title: str
    icon: str
    url: str
    order: int = 500
    permission: str = ""
    group: Literal["core", "apps", "settings", "palette", "switcher"] = "core"
    shortcut: str = ""
    mobile: bool = False
    also: tuple[str, ...] = ()
    hint: str = ""
    section: Literal["personal", "workspace", "sales", "data", "developers"] = "workspace"
    short: str = ""
    in_sandbox: bool = True


class Panel(Spec, frozen=True, kw_only=True):
    """A card on a record page: ``render(ctx, record)`` gives a template's name and its values.

    ``is_wanted(runtime, tenant)``, outside of the page's transaction, says whether there is a place for it at all.
    """

    slot: str
    key: str
    title: str
    render: Callable[[Any, Any], Awaitable[tuple[str, dict[str, Any]]]]
    order: int = 500
    permission: str = ""
    timeout_ms: int = 2_000
    lazy: bool = True
    is_wanted: Callable[[Any, Any], Awaitable[bool]] | None = None


class TimelineKind(Spec, frozen=True, kw_only=True):
    """How an event reads on a timeline: ``summary(event, gettext)`` gives one line of plain text.

    ``tells_all`` leaves the list of changed fields out, where that line says it already.
    """

    event: str
    icon: str
    summary: Callable[[Any, Callable[..., str]], str]
    tone: Tone = "neutral"
    tells_all: bool = False


class JobSpec(Spec, frozen=True, kw_only=True):
    """A background job; the handler must bear being run again after any step.

    ``page`` is the address of a page that shows it better than the general one, relative to the workspace, with
    its parameters in braces. ``handler(run)`` works in a tenant; of kind ``control`` it is
    ``handler(runtime, params)``, for what concerns no tenant's tables: outside of any transaction, at least once.
    Of kind ``call`` it spends its time waiting for somebody else's server, in slots of their own.
    """

    name: str
    handler: Callable[..., Awaitable[None]]
    params: type[msgspec.Struct]
    title: str = ""
    kind: Literal["event", "scheduled", "ddl", "import", "bulk", "mail", "call", "control"] = "bulk"
    retries: int = 5
    timeout_s: float = 300.0
    every_s: int | None = None
    page: str = ""


class Subscription(Spec, frozen=True, kw_only=True):
    """``handler(ctx, event)`` for an event's name, or for ``*``; inside its transaction only for invariants.

    With ``batch`` it is ``handler(ctx, events)``, and takes together what comes together. Of one name, after the
    commit, it gets at most fifty events in one transaction; where that fails, each is tried again alone.

    For ``*``, in the transaction, it is called once at the end with all its events, and cannot emit any more; it may
    give a ``Write`` back, which then goes to the database together with the events. For ``*``, after the commit, it
    gets the stored events of many transactions, each once, of those tenants where it said by
    ``core.kernel.events.listen`` that it wants them.
    """

    event: str
    name: str
    handler: Callable[[Any, Any], Awaitable[Any]]
    in_transaction: bool = False
    batch: bool = False


class Widget(Spec, frozen=True, kw_only=True):
    """A card of the Today page."""

    key: str
    title: str
    render: Callable[[Any], Awaitable[tuple[str, dict[str, Any]]]]
    order: int = 500
    permission: str = ""
    wide: bool = False


class Step(Spec, frozen=True, kw_only=True):
    """A first step of a new workspace, on the checklist of those who may make it; ``is_done(ctx)`` says if it was."""

    key: str
    title: str
    url: str
    is_done: Callable[[Any], Awaitable[bool]]
    permission: str = ""
    order: int = 500


class LivePart(Spec, frozen=True, kw_only=True):
    """A part of the shell that follows what happens: its template is one ``<hx-partial>``."""

    key: str
    render: Callable[[Any], Awaitable[tuple[str, dict[str, Any]]]]
    permission: str = ""
    order: int = 500


class Banner(Spec, frozen=True, kw_only=True):
    """A line above every page: ``render(ctx, principal)`` gives a template and its values, or None; no database."""

    key: str
    render: Callable[[Any, Any], tuple[str, dict[str, Any]] | None]
    permission: str = ""
    order: int = 500


class Action(Spec, frozen=True, kw_only=True):
    """Something to do with selected records of one type: ``run(ctx, records, params)``."""

    key: str
    title: str
    icon: str
    record_type: str
    run: Callable[[Any, Sequence[Any], Any], Awaitable[None]]
    params: type[msgspec.Struct] | None = None
    permission: str = ""
    tone: Tone = "neutral"


FilterOp = Literal["eq", "in", "contains", "gt", "gte", "lt", "lte", "between", "before", "after"]


class Filter(Spec, frozen=True, kw_only=True):
    """A condition on records of another module: ``condition(ctx, id_column, op, values)`` gives an ``EXISTS``.

    ``id_column`` is the id of the record asked about. ``kind`` says how values are read and which operations
    there are: ``eq`` and ``in`` of a choice, ``eq`` and ``contains`` of a text, comparisons of what has an order;
    ``between`` has two values, ``in`` any number, the others one. Sums are in minor units. ``choices(ctx)`` are the
    values to choose from, each with its name.
    """

    record_type: str
    key: str
    title: str
    condition: Callable[[Any, Any, FilterOp, Sequence[Any]], Any]
    kind: Literal["choice", "text", "number", "money", "date", "bool"] = "choice"
    choices: Callable[[Any], Awaitable[Sequence[tuple[str, str]]]] | None = None
    permission: str = ""


class PersonalData(Spec, frozen=True, kw_only=True):
    """What a module holds about people: ``export(ctx, person)`` gives plain values of every row.

    The file of a row with ``sha256`` is exported with it, by its ``name``. ``erase(ctx, person)`` removes or blanks
    rows, harmless to repeat, and may give the digests of stored files that it let go of.
    ``restrict(ctx, person, is_restricted)`` stops or allows their use; None where what keeps the person's record from
    use is enough. ``records(ctx, person)`` names further records that are about this person alone: their events,
    files and other traces go with them.
    """

    key: str
    title: str
    export: Callable[[Any, Person], Awaitable[Sequence[Mapping[str, Any]]]]
    erase: Callable[[Any, Person], Awaitable[Sequence[str] | None]]
    restrict: Callable[[Any, Person, bool], Awaitable[None]] | None = None
    records: Callable[[Any, Person], Awaitable[Sequence[tuple[str, UUID]]]] | None = None


class Check(Spec, frozen=True, kw_only=True):
    """A health check: ``run(runtime)`` gives problems in plain words, none when all is well."""

    key: str
    title: str
    run: Callable[[Any], Awaitable[Sequence[str]]]


class Process(Spec, frozen=True, kw_only=True):
    """``guanxi <command>`` beside web and worker; ``environment(settings)`` gives all of them variables, or None."""

    key: str
    command: str
    environment: Callable[[Any], Mapping[str, str] | None]


class Choice(msgspec.Struct, frozen=True):
    """One value of a choice column, as stored, as shown, and in which tone."""

    value: str
    label: str
    tone: Tone = "neutral"


_Plain = Literal["text", "longtext", "number", "money", "percent", "date", "datetime", "bool"]
_Named = Literal["choice", "member", "ref", "tags", "phone", "email", "url", "country"]
ColumnKind = Literal[_Plain, _Named]


class Column(Spec, frozen=True):
    """A listable property of a record type: column, filter, sort key, export field and inline-edit cell.

    ``attribute`` is the mapped attribute; ``field`` the name in the patch struct where that differs from
    ``key``; ``currency`` the attribute that holds a money column's ISO code; ``group`` the heading under which
    the record's page shows it.
    """

    key: str
    title: str
    attribute: Any
    kind: ColumnKind = "text"
    choices: tuple[Choice, ...] = ()
    ref: str = ""
    currency: Any = None
    link: bool = False
    sortable: bool = True
    filterable: bool = True
    editable: bool = False
    field: str = ""
    group: str = ""


class Verbs(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The only writers of a record type.

    ``create(ctx, data)``, ``update(ctx, record, patch)``, ``delete(ctx, record)``, ``restore(ctx, record)``,
    and where bulk writing pays ``create_many(ctx, rows)``.
    """

    create: Callable[[Any, Any], Awaitable[Any]]
    update: Callable[[Any, Any, Any], Awaitable[Any]]
    delete: Callable[[Any, Any], Awaitable[None]]
    restore: Callable[[Any, Any], Awaitable[None]] | None = None
    create_many: Callable[[Any, Sequence[Any]], Awaitable[Sequence[Any]]] | None = None


class SearchDoc(msgspec.Struct, frozen=True, kw_only=True):
    """What a record can be found by; ``person`` chooses surname readings for pinyin."""

    title: str
    subtitle: str = ""
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    person: bool = False


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """A record that may be the same as one about to be written; ``matches`` names the fields that agree.

    Where the actor may not see it, ``id`` and ``label`` are None and the owner's name is all there is to know.
    """

    id: UUID | None
    label: str | None
    owner: str | None
    matches: tuple[str, ...]


class RecordType(Spec, frozen=True, kw_only=True):
    """A kind of record; its list, API, bulk writing, import, export and search follow from this.

    ``duplicates(ctx, rows)`` finds, for each of several new records, what exists already; likeliest first.
    ``stays`` is a condition for records that remain with their owner when everything of a member is handed over:
    what is done is history. ``option`` is what a field shows that offers all records to choose from, where the
    label alone is ambiguous; fields do so for types without pages. ``first_fields`` are what the form of a new
    record shows before "More fields"; left out, what is required and what a list shows by default. ``board`` is
    the address of another way to look at the list. ``within`` is the reference column to what a find is shown with:
    of people, their company.
    """

    key: str
    path: str
    title: str
    title_plural: str
    icon: str
    model: type[Any]
    create: type[msgspec.Struct]
    patch: type[msgspec.Struct]
    out: type[msgspec.Struct]
    verbs: Verbs
    permission: str
    label: Any
    columns: tuple[Column, ...]
    to_out: Callable[[Any], msgspec.Struct] | None = None
    option: Any = None
    owner: Any = None
    stays: Any = None
    default_columns: tuple[str, ...] = ()
    natural_order: str = "-created_at"
    search: Callable[[Any], SearchDoc] | None = None
    duplicates: Callable[[Any, Sequence[Any]], Awaitable[Sequence[Sequence[Duplicate]]]] | None = None
    importable: bool = True
    pages: bool = True
    first_fields: tuple[str, ...] = ()
    board: str = ""
    within: str = ""

    def column(self, key: str) -> Column | None:
        """The column of that key."""
        return next((column for column in self.columns if column.key == key), None)


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One search result; ``url`` is relative to the workspace."""

    record_type: str
    record_id: UUID
    title: str
    subtitle: str
    url: str
    icon: str
