"""Forms of any record type, made from its structs and columns: fields, present values, and reading back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from core.ext.specs import Column, RecordType
from core.kernel import money
from core.kernel.errors import FieldError, Invalid
from core.kernel.validate import FieldMeta, convert, fields
from core.records.labels import MEMBER, Labels, target_of
from core.records.shown import choices, currency_of, place

KINDS: Final[Mapping[str, str]] = {"name": "text", "plain": "text", "tag": "text", "color": "text"}
NOT_SHOWN: Final = frozenset({"external_id", "custom"})
NESTED: Final = frozenset({"list", "object"})
USUAL: Final = ("CNY", "USD", "EUR", "HKD", "JPY", "GBP")
"""Offered before all other currencies."""
Offers = Mapping[str, list[tuple[str, str]]]
OWN_FIELDS: Final = frozenset({"version", "save_anyway"})


@dataclass(frozen=True, slots=True)
class FormSpec:
    """One struct of a record type as a form.

    `record` is what it changes, None for a new one; `typed` what was sent of it, where it comes again.
    """

    ctx: Any
    type_: RecordType
    struct: type[msgspec.Struct]
    record: Any = None
    typed: Mapping[str, Any] = field(default_factory=dict)

    def metas(self) -> list[FieldMeta]:
        """The fields that a plain form can show; a currency is chosen beside its sum."""
        beside = {column.currency.key for column in self.type_.columns if column.currency is not None}
        hidden = NOT_SHOWN | beside
        return [f for f in fields(self.struct) if f.name not in hidden and f.kind not in NESTED]

    def column(self, name: str) -> Column | None:
        """The column that a field of the struct writes."""
        return next((c for c in self.type_.columns if field_of(c) == name), None)

    def targets(self) -> dict[str, set[Any]]:
        """What the present values point to, for their labels."""
        found: dict[str, set[Any]] = {}
        for meta in self.metas():
            column = self.column(meta.name)
            value = self.present(meta.name)
            if column is not None and target_of(column) and value:
                found.setdefault(target_of(column), set()).add(value)
        return found

    def columns(self) -> list[Column]:
        """The columns that the fields of the struct write."""
        return [column for meta in self.metas() if (column := self.column(meta.name)) is not None]

    def present(self, name: str) -> UUID | None:
        """What a reference points to now, or is proposed to."""
        raw = self.typed.get(name)
        if raw is None:
            found: UUID | None = getattr(self.record, name, None)
            return found
        try:
            return UUID(str(raw))
        except ValueError:
            return None

    def views(self, labels: Labels, offers: Offers = MappingProxyType({})) -> list[dict[str, Any]]:
        """The fields as ui/form.html takes them: what matters first, the others under the columns' headings.

        ``offers`` are the choices of references without pages.
        """
        first = list[dict[str, Any]]()
        places = self._first() if self.record is None else {}
        groups = {"": list[dict[str, Any]]()} | {column.group: [] for column in self.type_.columns}
        for meta in self.metas():
            column = self.column(meta.name)
            view = self._view(meta, labels, offers)
            if meta.required or meta.name in places:
                first.append(view)
            else:
                groups[column.group if column else ""].append(view | {"more": self.record is None})
        for title, views in groups.items():
            if title and views:
                views[0]["section"] = title
        first.sort(key=lambda view: places.get(view["name"], -1))
        return first + [view for views in groups.values() for view in views]

    def _first(self) -> dict[str, int]:
        """The fields that the form of a new record shows at once, and in which place."""
        type_ = self.type_
        columns = map(type_.column, type_.first_fields or type_.default_columns)
        return {field_of(column): place for place, column in enumerate(columns) if column is not None}

    def _view(self, meta: FieldMeta, labels: Labels, offers: Offers) -> dict[str, Any]:
        column = self.column(meta.name)
        view = {**meta._asdict(), "kind": KINDS.get(meta.kind, meta.kind)}
        if column is None:
            return view
        view["kind"] = column.kind
        view["title"] = column.title
        if column.choices or column.kind == "country":
            view["choices"] = choices(column, self.ctx.locale)
        if column.kind == "money":
            view |= self._currencies(column)
        target = target_of(column)
        if target == MEMBER:
            view["options"] = [(str(key), label) for (kind, key), label in labels.items() if kind == MEMBER]
        elif target in offers:
            view["options"] = offers[target]
        elif target:
            view["search_url"] = options_url(self.ctx, target)
            present = self.present(meta.name)
            view["label"] = labels.get((target, present), "") if present else ""
        return view

    def currency(self, column: Column) -> str:
        """The currency that a sum of this form is in."""
        typed = self.typed.get(column.currency.key) if column.currency is not None else None
        return str(typed or currency_of(self.ctx, column, self.record))

    def _currencies(self, column: Column) -> dict[str, Any]:
        """The currency of a sum, and those to choose from where the struct holds it."""
        present = self.currency(column)
        if column.currency is None or column.currency.key not in self.struct.__struct_fields__:
            return {"currency": present}
        usual = dict.fromkeys((self.ctx.tenant.currency, *USUAL, *sorted(money.CURRENCIES)))
        return {"currency": present, "currencies": list(usual), "currency_name": column.currency.key}

    def values(self) -> dict[str, Any]:
        """The present values, sums in major units; of a new record the defaults, owned by its maker."""
        if self.record is not None:
            return {
                meta.name: self._shown(meta.name, getattr(self.record, meta.name, None))
                for meta in self.metas()
            }
        found = {name: value for name, value in _defaults(self.struct).items() if value not in (None, UNSET)}
        owner = next((c for c in self.type_.columns if c.attribute is self.type_.owner), None)
        if owner is not None and self.ctx.actor.member_id is not None:
            found.setdefault(field_of(owner), str(self.ctx.actor.member_id))
        return found

    def one(self, name: str) -> Any:
        """One present value as its input shows it."""
        value = self._shown(name, getattr(self.record, name, None))
        return ", ".join(value) if isinstance(value, list) else value

    def read_one(self, name: str, raw: str) -> Any:
        """Convert one typed value into a struct that holds nothing else; raises as `read` does."""
        return self._read({name: raw})

    def _shown(self, name: str, value: Any) -> Any:
        column = self.column(name)
        if value is not None and column is not None and column.kind == "money":
            return plain_sum(value, self.currency(column))
        if column is not None and column.kind == "datetime" and value is not None:
            return value.astimezone(self.ctx.zone)
        return value

    def read(self, sent: Mapping[str, Any]) -> Any:
        """Convert what was typed into the struct; raises Invalid or BadRequest with all errors."""
        typed = {name: value for name, value in sent.items() if name not in OWN_FIELDS}
        for meta in self.metas():
            if meta.kind == "bool" and not meta.required:
                typed.setdefault(meta.name, "false")
        return self._read(typed)

    def _read(self, sent: Mapping[str, Any]) -> Any:
        typed, errors = dict(sent), list[FieldError]()
        for meta in self.metas():
            column = self.column(meta.name)
            raw = typed.get(meta.name)
            if column is None or not isinstance(raw, str):
                continue
            if column.kind == "money" and raw.strip():
                self._read_sum(typed, meta.name, self._sent_currency(column, sent), errors)
            elif column.kind == "tags":
                typed[meta.name] = split_tags(raw)
        return self._converted(typed, errors)

    def _converted(self, typed: dict[str, Any], errors: list[FieldError]) -> Any:
        bad = {error.path for error in errors}
        try:
            found = convert(
                self.struct,
                {name: value for name, value in typed.items() if name not in bad},
                text=True,
                region=self.ctx.tenant.country,
                zone=self.ctx.zone,
            )
        except Invalid as error:
            raise Invalid(errors=[*errors, *error.errors]) from error
        if errors:
            raise Invalid(errors=errors)
        return found

    def _sent_currency(self, column: Column, sent: Mapping[str, Any]) -> str:
        name = column.currency.key if column.currency is not None else ""
        return str(sent.get(name) or self.currency(column))

    def _read_sum(self, typed: dict[str, Any], name: str, currency: str, errors: list[FieldError]) -> None:
        try:
            typed[name] = str(money.parse(typed[name], currency))
        except Invalid as error:
            errors.extend(msgspec.structs.replace(item, path=name) for item in error.errors)


def field_of(column: Column) -> str:
    """Return the name under which the structs know a column."""
    return column.field or str(column.attribute.key)


def options_url(ctx: Any, target: str) -> str:
    """Return the address that finds records of a type to choose from, '' where there are no pages."""
    type_ = ctx.machinery.registry.records.get(target)
    return place(ctx, type_, "/options") if type_ is not None and type_.pages else ""


def split_tags(raw: str) -> list[str]:
    """Split what was typed as tags at commas of both scripts."""
    parts = raw.replace("，", ",").replace("、", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def plain_sum(amount_minor: int, currency: str) -> str:
    """Write a sum as one types it: major units, a point, no separators."""
    places = money.digits(currency)
    sign, digits = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).zfill(places + 1)
    if not places:
        return f"{sign}{digits}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _defaults(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        field.name: field.default
        for field in msgspec.structs.fields(struct)
        if field.default is not msgspec.NODEFAULT
    }
