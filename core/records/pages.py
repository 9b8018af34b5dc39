"""The pages of any record type: list, choosing, bulk actions, saving a view. Forms and cells are in edit_pages.py."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, Router
from litestar.handlers import HTTPRouteHandler

from core.ext.specs import Action, RecordType
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert, fields
from core.records import (
    actions,
    bulk_job,
    edit_pages,
    foreign,
    labels,
    list_page,
    lists,
    queries,
    service,
    text,
)
from core.records.panels import panel_url, wanted
from core.records.query import MAX_QUERY, parse, parse_page
from core.records.schema import SavedViewIn
from core.records.shown import cell_value, column_view, place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import redirect, render, target, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
FOUND = 20


def record_pages(type_: RecordType) -> Router:
    """Make the pages of a record type, to be mounted under a workspace; the record's own page is the domain's."""
    makers: tuple[Callable[[RecordType], HTTPRouteHandler], ...] = (
        _list,
        _options,
        _conditions,
        _save_view,
        _remove_view,
        _bulk,
        *edit_pages.MAKERS,
    )
    handlers = [make(type_) for make in makers]
    if type_.verbs.restore is not None:
        handlers.append(edit_pages.restore_page(type_))
    return Router(path=f"/{type_.path}", route_handlers=handlers, include_in_schema=False)


def _list(type_: RecordType) -> HTTPRouteHandler:
    async def list_page_(ctx: Ctx, request: Any_) -> Response[Any]:
        page = await list_page.load(ctx, type_, list(request.query_params.multi_items()))
        preview = await _preview(ctx, type_, page.looks.get("preview", ""))
        template = {"list": "records/table.html", "gx-side": "records/preview.html"}.get(target(request))
        return render(
            ctx,
            request,
            template or "records/list.html",
            status=page.error.status if page.error else 200,
            page=page,
            type=type_,
            preview=preview,
        )

    return get("/", permission=f"{type_.permission}.view")(list_page_)


async def _preview(ctx: Ctx, type_: RecordType, raw: str) -> dict[str, Any] | None:
    """Read the record that is shown beside the list; one that is not there is simply not shown."""
    try:
        record = await lists.get(ctx, type_, UUID(raw)) if raw else None
    except (ValueError, AppError):
        return None
    if record is None:
        return None
    names = await labels.resolve(ctx, labels.wanted(type_.columns, [record]))
    shown = [
        (column_view(ctx, column), cell_value(ctx, column, record, names))
        for column in type_.columns
        if hasattr(record, column.attribute.key) and column.attribute is not type_.label
    ]
    url = place(ctx, type_, f"/{record.id}")
    return {
        "label": getattr(record, type_.label.key) or "",
        "url": url,
        "facts": shown,
        "panels": [panel_url(ctx, panel, record.id) for panel in (await wanted(ctx, type_, "main"))[:1]],
    }


def _conditions(type_: RecordType) -> HTTPRouteHandler:
    async def offered(ctx: Ctx, request: Any_, name: str, q: str = "") -> Response[Any]:
        column = lists.reading(ctx).foreign.get(type_.key, {}).get(name)
        if column is None:
            raise NotFound
        options = [
            (value, label, "") for value, label in await foreign.offers(ctx, column, q[:MAX_QUERY], FOUND)
        ]
        return render(ctx, request, "records/options.html", options=options)

    return get("/conditions/{name:str}", permission=f"{type_.permission}.view")(offered)


def _options(type_: RecordType) -> HTTPRouteHandler:
    async def options(ctx: Ctx, request: Any_, q: str = "") -> Response[Any]:
        options = await text.best(ctx, type_, q[:MAX_QUERY], FOUND) if q.strip() else None
        if options is None:
            pairs = [("q", q), ("limit", str(FOUND)), ("columns", type_.columns[0].key)]
            found = await lists.run(ctx, parse(type_, pairs, lists.reading(ctx)), with_labels=False)
            options = [(str(row.id), getattr(row, type_.label.key) or "", "") for row in found.rows]
        return render(ctx, request, "records/options.html", options=options)

    return get("/options", permission=f"{type_.permission}.view")(options)


def _save_view(type_: RecordType) -> HTTPRouteHandler:
    async def save_view(ctx: Ctx, request: Any_) -> Response[Any]:
        sent = await form_values(request)
        values = {
            "record_type": type_.key,
            "name": sent.get("title") or sent.get("name", ""),
            "query": sent.get("query", ""),
            "shared": sent.get("shared", "false"),
        }
        try:
            view = await service.create_view(ctx, convert(SavedViewIn, values, text=True))
        except AppError as error:
            ctx.roll_back()
            told: dict[str, Any] = {"error": error, "sent": sent, "type": type_, "address": place(ctx, type_)}
            shown = [meta._asdict() for meta in fields(SavedViewIn) if meta.name in {"name", "shared"}]
            hidden = {"name": "query", "kind": "hidden", "title": ""}
            template = "records/view_form.html"
            return render(ctx, request, template, status=error.status, fields=[*shown, hidden], **told)
        address = f"{place(ctx, type_)}?{view.query}{'&' if view.query else ''}view={view.id}"
        return toast(redirect(request, address), ctx.t(N_("The view is saved.")))

    return post("/views", permission="views.edit")(save_view)


def _remove_view(type_: RecordType) -> HTTPRouteHandler:
    async def remove_view(ctx: Ctx, request: Any_, view_id: UUID) -> Response[Any]:
        await service.delete_view(ctx, await queries.view(ctx, view_id))
        return toast(redirect(request, place(ctx, type_)), ctx.t(N_("The view is removed.")))

    return post("/views/{view_id:uuid}/delete", permission="views.edit")(remove_view)


def _bulk(type_: RecordType) -> HTTPRouteHandler:
    async def act(ctx: Ctx, request: Any_, action: str) -> Response[Any]:
        pairs = list(request.query_params.multi_items())
        deleted = parse_page(type_, pairs, lists.reading(ctx))[0].deleted
        chosen = actions.find(ctx, type_, action, deleted=deleted)
        sent = await form_values(request)
        ids = [str(one) for one in _many(sent.pop("ids", []))]
        is_all = sent.pop("all", "") == "1"
        params = convert(chosen.params, sent, text=True) if chosen.params else None
        if is_all:
            return await _queue(ctx, request, type_, chosen, params=params, pairs=pairs)
        records = await bulk_job.some(ctx, type_, ids[: actions.FEW], deleted=deleted)
        done = await actions.act(ctx, type_, chosen, records, params)
        text = ctx.machinery.translator(ctx.locale).ngettext(
            "{count} record changed", "{count} records changed", done, count=done
        )
        address = place(ctx, type_)
        question = str(request.url.query)
        return toast(redirect(request, f"{address}?{question}" if question else address), text)

    return post("/bulk/{action:str}", permission=f"{type_.permission}.view")(act)


async def _queue(
    ctx: Ctx, request: Any_, type_: RecordType, action: Action, *, params: Any, pairs: list[tuple[str, str]]
) -> Response[Any]:
    query, error = parse_page(type_, pairs, lists.reading(ctx))
    if error is not None:
        raise error
    job = bulk_job.BulkParams(
        record_type=type_.key,
        action=action.key,
        query=urlencode(query.pairs()),
        params=msgspec.to_builtins(params) if params is not None else {},
    )
    title = f"{ctx.t(action.title)}: {ctx.t(type_.title_plural)}"
    total = await lists.counted(ctx, query)
    run_id = ctx.enqueue(bulk_job.NAME, job, title=title, total=total)
    return redirect(request, ctx.w(f"/jobs/{run_id}"))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
