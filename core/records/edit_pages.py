"""The forms of any record type: create, edit, one cell, delete, restore."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from core.ext.specs import Column, RecordType
from core.kernel.errors import AppError, NotFound, PreconditionFailed
from core.kernel.i18n import N_
from core.records import duplicates, labels, lists, writing
from core.records.etag import check_version
from core.records.forms import FormSpec, field_of
from core.records.list_page import OFFERED
from core.records.shown import cell_value, column_view, place, row_view
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt on a cell that failed: why, what was typed, and the version that is there."""

    error: AppError
    raw: str
    version: int


def _new(type_: RecordType) -> HTTPRouteHandler:
    async def new_record(ctx: Ctx, request: Any_) -> Response[Any]:
        spec = FormSpec(ctx, type_, type_.create, typed=dict(request.query_params))
        values = {**spec.values(), **_proposed(spec, request)}
        return render(ctx, request, "records/form.html", **await _form(spec), values=values, errors=())

    return get("/new", permission=f"{type_.permission}.create")(new_record)


def _create(type_: RecordType) -> HTTPRouteHandler:
    async def create_record(ctx: Ctx, request: Any_) -> Response[Any]:
        sent = await form_values(request)
        spec = FormSpec(ctx, type_, type_.create, typed=sent)
        shown = await _form(spec)
        try:
            data = spec.read(sent)
            found = [] if sent.get("save_anyway") else await duplicates.of(ctx, type_, data)
            if found:
                shown["duplicates"] = duplicates.views(ctx, type_, found)
                return render(ctx, request, "records/form.html", status=409, **shown, values=sent, errors=())
            record = await writing.create(ctx, type_, data)
        except AppError as error:
            return form_again(ctx, request, "records/form.html", error, **shown, values=sent)
        text = ctx.t(N_("{record} is created."), record=getattr(record, type_.label.key))
        return toast(redirect(request, place(ctx, type_, f"/{record.id}")), text)

    return post("/new", permission=f"{type_.permission}.create")(create_record)


def _edit(type_: RecordType) -> HTTPRouteHandler:
    async def edit_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        record = await lists.get(ctx, type_, record_id, action="edit")
        spec = FormSpec(ctx, type_, type_.patch, record)
        values = spec.values()
        return render(ctx, request, "records/form.html", **await _form(spec), values=values, errors=())

    return get("/{record_id:uuid}/edit", permission=f"{type_.permission}.edit")(edit_record)


def _update(type_: RecordType) -> HTTPRouteHandler:
    async def update_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        record = await lists.get(ctx, type_, record_id, action="edit")
        sent = await form_values(request)
        spec = FormSpec(ctx, type_, type_.patch, record, sent)
        shown = await _form(spec)
        try:
            check_version(str(sent.get("version", "")), record)
            await writing.update(ctx, type_, record, spec.read(sent))
        except AppError as error:
            return form_again(ctx, request, "records/form.html", error, **shown, values=sent)
        text = ctx.t(N_("{record} is saved."), record=getattr(record, type_.label.key))
        return toast(redirect(request, place(ctx, type_, f"/{record_id}")), text)

    return post("/{record_id:uuid}/edit", permission=f"{type_.permission}.edit")(update_record)


def _cell(type_: RecordType) -> HTTPRouteHandler:
    async def edit_cell(
        ctx: Ctx, request: Any_, record_id: UUID, column: str, show: bool = False
    ) -> Response[Any]:
        found = _editable(type_, column)
        record = await lists.get(ctx, type_, record_id, action="edit")
        if show:
            return await _shown_cell(ctx, request, type_, found, record)
        return await _cell_form(ctx, request, type_, found, record)

    return get("/{record_id:uuid}/cells/{column:str}", permission=f"{type_.permission}.edit")(edit_cell)


def _set_cell(type_: RecordType) -> HTTPRouteHandler:
    async def set_cell(ctx: Ctx, request: Any_, record_id: UUID, column: str) -> Response[Any]:
        found = _editable(type_, column)
        record = await lists.get(ctx, type_, record_id, action="edit")
        sent = await form_values(request)
        raw = _last(sent.get(column, ""))
        version = record.version
        try:
            check_version(str(sent.get("version", "")), record)
            spec = FormSpec(ctx, type_, type_.patch, record)
            patch = spec.read_one(field_of(found), raw)
            await writing.update(ctx, type_, record, patch)
        except AppError as error:
            ctx.roll_back()
            return await _cell_form(ctx, request, type_, found, record, refused=Refused(error, raw, version))
        return await _shown_cell(ctx, request, type_, found, record)

    return post("/{record_id:uuid}/cells/{column:str}", permission=f"{type_.permission}.edit")(set_cell)


def _delete(type_: RecordType) -> HTTPRouteHandler:
    async def delete_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        record = await lists.get(ctx, type_, record_id, action="delete")
        text = ctx.t(N_("{record} is deleted."), record=getattr(record, type_.label.key))
        await type_.verbs.delete(ctx, record)
        undo = place(ctx, type_, f"/{record_id}/restore") if type_.verbs.restore else ""
        return toast(redirect(request, place(ctx, type_)), text, undo_url=undo)

    return post("/{record_id:uuid}/delete", permission=f"{type_.permission}.delete")(delete_record)


def restore_page(type_: RecordType) -> HTTPRouteHandler:
    """Make the route that undoes a deletion."""

    async def restore_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        record = await writing.restore(ctx, type_, record_id)
        text = ctx.t(N_("{record} is restored."), record=getattr(record, type_.label.key))
        return toast(redirect(request, place(ctx, type_, f"/{record_id}")), text)

    return post("/{record_id:uuid}/restore", permission=f"{type_.permission}.delete")(restore_record)


MAKERS: Final[tuple[Callable[[RecordType], HTTPRouteHandler], ...]] = (
    _new,
    _create,
    _edit,
    _update,
    _cell,
    _set_cell,
    _delete,
)


async def _form(spec: FormSpec) -> dict[str, Any]:
    """What records/form.html needs besides values and errors."""
    names = await labels.resolve(spec.ctx, spec.targets(), offered=OFFERED)
    own = f"/{spec.record.id}" if spec.record is not None else ""
    label = getattr(spec.record, spec.type_.label.key) if spec.record is not None else ""
    return {
        "type": spec.type_,
        "fields": spec.views(names, await labels.choices(spec.ctx, spec.columns(), most=OFFERED)),
        "label": label,
        "address": place(spec.ctx, spec.type_),
        "action": place(spec.ctx, spec.type_, f"{own}/edit" if own else "/new"),
        "back": place(spec.ctx, spec.type_, own),
        "version": spec.record.version if spec.record is not None else None,
    }


def _proposed(spec: FormSpec, request: Any_) -> dict[str, str]:
    """Values that a link hands to a new form, as far as the form has such fields."""
    known = {meta.name for meta in spec.metas()}
    return {name: value for name, value in request.query_params.items() if name in known}


def _editable(type_: RecordType, key: str) -> Column:
    column = type_.column(key)
    if column is None or not column.editable:
        raise NotFound
    return column


async def _shown_cell(
    ctx: Ctx, request: Any_, type_: RecordType, column: Column, record: Any
) -> Response[Any]:
    names = await labels.resolve(ctx, labels.wanted([column], [record]))
    row = row_view(ctx, type_, record, columns=(column,), labels=names)
    view = column_view(ctx, column, editable=True)
    value = cell_value(ctx, column, record, names)
    return render(ctx, request, "records/cell.html", column=view, value=value, row=row)


async def _cell_form(
    ctx: Ctx,
    request: Any_,
    type_: RecordType,
    column: Column,
    record: Any,
    *,
    refused: Refused | None = None,
) -> Response[Any]:
    spec = FormSpec(ctx, type_, type_.patch, record)
    url = place(ctx, type_, f"/{record.id}/cells/{column.key}")
    value = refused.raw if refused else spec.one(field_of(column))
    version = refused.version if refused else record.version
    options: list[tuple[str, str]] = []
    if column.kind == "member":
        # What a refused attempt left in the session must not be written on the way.
        with ctx.session.no_autoflush:
            names = await labels.resolve(ctx, labels.wanted([column], [record]), offered=OFFERED)
        options = [(str(key), label) for (_, key), label in names.items()]
    return render(
        ctx,
        request,
        "records/cell_edit.html",
        status=refused.error.status if refused else 200,
        column=column_view(ctx, column, editable=True),
        value=value,
        url=url,
        version=version,
        options=options,
        error=_said(ctx, refused.error) if refused else "",
    )


def _said(ctx: Ctx, error: AppError) -> str:
    if isinstance(error, PreconditionFailed) or not error.errors:
        return ctx.t(error.detail or error.title, **error.params)
    return " ".join(ctx.t(item.message, **item.params) for item in error.errors)


def _last(value: Any) -> str:
    """A checkbox with its hidden twin sends two values; the last one counts."""
    return str(value[-1] if isinstance(value, list) else value)
