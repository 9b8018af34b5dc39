"""The page of one record: its head, what is known of it, and the panels that modules add."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from core.ext.specs import RecordType
from core.kernel.errors import NotFound
from core.records import labels
from core.records.forms import field_of
from core.records.labels import Labels
from core.records.panels import panel_url, wanted
from core.records.shown import cell_value, column_view, place, row_view
from core.tenancy.ctx import Ctx
from core.web.pages import render, target

OVERVIEW = "overview"


async def record_page(
    ctx: Ctx,
    request: Request[Any, Any, Any],
    type_: RecordType,
    record: Any,
    *,
    template: str = "records/show.html",
    **values: Any,
) -> Response[Any]:
    """Show a record: the overview, or the tab that the address asks for.

    Templates may extend ``records/show.html`` and fill its blocks ``facts``, ``badge``, ``actions``, ``top``.
    """
    names = await labels.resolve(ctx, labels.wanted(type_.columns, [record]))
    may_edit = await ctx.can_on(f"{type_.permission}.edit", record) and record.deleted_at is None
    tabs = await wanted(ctx, type_, "tab")
    tab = request.query_params.get("tab", OVERVIEW)
    address = place(ctx, type_, f"/{record.id}")
    entries = [(OVERVIEW, ctx.t("Overview"), address)]
    entries += [(item.key, ctx.t(item.title), f"{address}?tab={item.key}") for item in tabs]
    current = next((item for item in tabs if item.key == tab), None)
    if current is None and tab != OVERVIEW:
        raise NotFound
    is_tab_alone = target(request) == "record-tab"
    return render(
        ctx,
        request,
        "records/show_tab.html" if is_tab_alone else template,
        type=type_,
        record=record,
        label=getattr(record, type_.label.key) or "",
        creatable=creatable(ctx, type_, record) if _is_in_use(record) else [],
        groups=fact_groups(ctx, type_, record, names=names, may_edit=may_edit),
        row=row_view(ctx, type_, record, columns=(), labels=names),
        address=address,
        tabs=entries,
        tab=tab,
        tab_url=panel_url(ctx, current, record.id) if current else "",
        main=[(item, panel_url(ctx, item, record.id)) for item in await wanted(ctx, type_, "main")],
        side=[(item, panel_url(ctx, item, record.id)) for item in await wanted(ctx, type_, "side")],
        may_edit=may_edit,
        may_delete=await ctx.can_on(f"{type_.permission}.delete", record),
        list_url=place(ctx, type_),
        **values,
    )


def _is_in_use(record: Any) -> bool:
    return record.deleted_at is None and getattr(record, "restricted_at", None) is None


def fact_groups(
    ctx: Ctx, type_: RecordType, record: Any, *, names: Labels, may_edit: bool
) -> list[tuple[str, list[tuple[dict[str, Any], Any, bool]]]]:
    """What is known of a record under the headings of its columns: column, value, whether it is empty."""
    groups: dict[str, list[tuple[dict[str, Any], Any, bool]]] = {}
    for column in type_.columns:
        name = column.attribute.key
        if not hasattr(record, name) or name == type_.label.key:
            continue
        value = cell_value(ctx, column, record, names)
        view = column_view(ctx, column, editable=may_edit)
        groups.setdefault(column.group, []).append((view, value, value in (None, "", [])))
    return [(ctx.t(title) if title else "", facts) for title, facts in groups.items()]


def creatable(ctx: Ctx, type_: RecordType, record: Any) -> list[dict[str, str]]:
    """What can be created that points at a record: entries of a menu, each a form that names the record already."""
    found = []
    for other in ctx.machinery.registry.records.values():
        names = [field_of(c) for c in other.columns if c.ref == type_.key and other.key != type_.key]
        fields = [name for name in names if name in other.create.__struct_fields__]
        is_served = other.pages and ctx.machinery.registry.serves(other, ctx)
        if fields and is_served and ctx.can(f"{other.permission}.create"):
            url = place(ctx, other, f"/new?{fields[0]}={record.id}")
            found.append({"title": ctx.t(other.title), "icon": other.icon, "href": url})
    return found
