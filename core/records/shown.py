"""Rows and columns as the interface's macros want them: plain dicts with translated titles."""

from collections.abc import Mapping
from typing import Any, Final

from core.ext.specs import Column, RecordType
from core.kernel import i18n
from core.records.labels import MEMBER, Labels, target_of
from core.records.query import is_sortable

TONES: Final[Mapping[str, str]] = {
    "neutral": "neutral",
    "info": "info",
    "success": "good",
    "warning": "warn",
    "danger": "bad",
}


def place(ctx: Any, type_: RecordType, path: str = "") -> str:
    """Return the address of a page of a record type in the actor's workspace."""
    return str(ctx.w(f"{ctx.machinery.registry.below(type_.plugin)}/{type_.path}{path}"))


def choices(column: Column, locale: str = i18n.DEFAULT) -> tuple[tuple[str, str, str], ...]:
    """Return the choices of a column as value, message id (a country's name) and tone."""
    if column.kind == "country":
        return tuple((code, name, "neutral") for code, name in i18n.countries(locale))
    return tuple((choice.value, choice.label, TONES[choice.tone]) for choice in column.choices)


def column_view(ctx: Any, column: Column, *, editable: bool = False) -> dict[str, Any]:
    """Return a column as a table's head, a filter and a cell know it."""
    return {
        "name": column.key,
        "title": ctx.t(column.title),
        "kind": column.kind,
        "choices": choices(column, ctx.locale),
        "currency": ctx.tenant.currency,
        "sortable": is_sortable(column),
        "editable": editable and column.editable,
        "link": column.link,
    }


def row_view(
    ctx: Any, type_: RecordType, row: Any, *, columns: tuple[Column, ...], labels: Labels
) -> dict[str, Any]:
    """Return a record as a table's row knows it."""
    address = place(ctx, type_, f"/{row.id}")
    return {
        "id": str(row.id),
        "url": address,
        "label": getattr(row, type_.label.key) or "",
        "version": row.version,
        "cell_url": f"{address}/cells",
        "cells": {column.key: cell_value(ctx, column, row, labels) for column in columns},
    }


def cell_value(ctx: Any, column: Column, row: Any, labels: Labels) -> Any:
    """Return one value as ui/value.html shows it: sums with their currency, ids by their names."""
    value = getattr(row, column.attribute.key)
    if value is None:
        return None
    target = target_of(column)
    if target == MEMBER:
        return labels.get((target, value)) or None
    if target:
        return _link(ctx, target, value, labels)
    if column.kind == "money":
        return {"amount_minor": value, "currency": currency_of(ctx, column, row)}
    return value


def currency_of(ctx: Any, column: Column, row: Any) -> str:
    """Return the currency of a money column in one record: its own, else the workspace's."""
    found = getattr(row, column.currency.key, None) if column.currency is not None else None
    return str(found or ctx.tenant.currency)


def _link(ctx: Any, target: str, value: Any, labels: Labels) -> dict[str, str] | None:
    label = labels.get((target, value))
    type_ = ctx.machinery.registry.records.get(target)
    if not label or type_ is None:
        return None
    return {"id": str(value), "label": label, "url": place(ctx, type_, f"/{value}") if type_.pages else ""}
