"""The JSON API of any record type: list, fields, create, get, change, delete, restore, upsert, bulk.

Every answer with a record carries its ETag; If-Match is honoured where it is sent.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router
from litestar.handlers import HTTPRouteHandler

from core.ext.specs import RecordType
from core.kernel.validate import decode_json
from core.records import bulk, duplicates, lists, metadata, out, writing
from core.records.etag import check, etag, matches
from core.records.query import parse
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, patch, post, put

Any_ = Request[Any, Any, Any]


def record_api(type_: RecordType) -> Router:
    """Make the API of a record type, to be mounted under /api/v1."""
    makers: tuple[Callable[[RecordType], HTTPRouteHandler], ...] = (
        _list,
        _fields,
        _create,
        _get,
        _patch,
        _delete,
        _upsert,
        _bulk,
    )
    handlers = [make(type_) for make in makers]
    if type_.duplicates is not None:
        handlers.append(_duplicates(type_))
    if type_.verbs.restore is not None:
        handlers.append(_restore(type_))
    return Router(path=f"/{type_.path}", route_handlers=handlers, tags=[type_.title_plural])


@cache
def page_of(type_: RecordType) -> type[msgspec.Struct]:
    """Return the struct of a list's answer: `data`, `next`, and `count` where it was asked for."""
    return msgspec.defstruct(
        f"{type_.out.__name__}List",
        [
            ("data", list[type_.out]),  # type: ignore[name-defined]
            ("next", str | None, None),
            ("count", int | msgspec.UnsetType, msgspec.UNSET),
            ("count_is_capped", bool | msgspec.UnsetType, msgspec.UNSET),
        ],
    )


def _typed(handler: Any, *, returns: Any, data: Any = None) -> Any:
    """Give a handler the types that only this record type knows, for decoding and for OpenAPI."""
    handler.__annotations__["return"] = Response[returns]
    if data is not None:
        handler.__annotations__["data"] = data
    return handler


def _answer(type_: RecordType, record: Any, *, status: int = 200) -> Response[Any]:
    return Response(out.one(type_, record), status_code=status, headers={"ETag": etag(record)})


def _list(type_: RecordType) -> HTTPRouteHandler:
    answer = page_of(type_)

    async def list_records(ctx: Ctx, request: Any_) -> Response[Any]:
        query = parse(type_, request.query_params.multi_items(), lists.reading(ctx))
        found = await lists.run(ctx, query, with_labels=False)
        body = answer(out.many(type_, found.rows), found.next)
        if found.count is not None:
            body = msgspec.structs.replace(
                body, count=min(found.count, lists.COUNT_MOST), count_is_capped=found.is_capped
            )
        return Response(body)

    return get("/", permission=f"{type_.permission}.view")(_typed(list_records, returns=answer))


def _fields(type_: RecordType) -> HTTPRouteHandler:
    async def list_fields(ctx: Ctx) -> Response[metadata.TypeInfo]:
        return Response(metadata.describe(ctx, type_))

    return get("/fields", permission=f"{type_.permission}.view")(list_fields)


def _get(type_: RecordType) -> HTTPRouteHandler:
    async def get_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        record = await lists.row(ctx, type_, record_id)
        if matches(request.headers.get("if-none-match", ""), record):
            return Response(None, status_code=304, headers={"ETag": etag(record)})
        return _answer(type_, record)

    return get("/{record_id:uuid}", permission=f"{type_.permission}.view")(
        _typed(get_record, returns=type_.out)
    )


def _create(type_: RecordType) -> HTTPRouteHandler:
    async def create_record(ctx: Ctx, request: Any_, data: Any) -> Response[Any]:
        if request.query_params.get("duplicates") == "refuse":
            found = await duplicates.of(ctx, type_, data)
            if found:
                raise duplicates.refusal(ctx, type_, found)
        return _answer(type_, await writing.create(ctx, type_, data), status=201)

    return post("/", permission=f"{type_.permission}.create", status_code=201)(
        _typed(create_record, returns=type_.out, data=type_.create)
    )


def _duplicates(type_: RecordType) -> HTTPRouteHandler:
    async def find_duplicates(ctx: Ctx, data: Any) -> Response[duplicates.DuplicateList]:
        return Response(duplicates.DuplicateList(list(await duplicates.of(ctx, type_, data))))

    return post("/duplicates", permission=f"{type_.permission}.create")(
        _typed(find_duplicates, returns=duplicates.DuplicateList, data=type_.create)
    )


def _patch(type_: RecordType) -> HTTPRouteHandler:
    async def update_record(ctx: Ctx, request: Any_, record_id: UUID, data: Any) -> Response[Any]:
        record = await lists.get(ctx, type_, record_id, action="edit")
        check(request.headers, record)
        return _answer(type_, await writing.update(ctx, type_, record, data))

    return patch("/{record_id:uuid}", permission=f"{type_.permission}.edit")(
        _typed(update_record, returns=type_.out, data=type_.patch)
    )


def _delete(type_: RecordType) -> HTTPRouteHandler:
    async def delete_record(ctx: Ctx, request: Any_, record_id: UUID) -> Response[None]:
        record = await lists.get(ctx, type_, record_id, action="delete")
        check(request.headers, record)
        await type_.verbs.delete(ctx, record)
        return Response(None, status_code=204)

    return delete("/{record_id:uuid}", permission=f"{type_.permission}.delete", status_code=204)(
        delete_record
    )


def _restore(type_: RecordType) -> HTTPRouteHandler:
    async def restore_record(ctx: Ctx, record_id: UUID) -> Response[Any]:
        return _answer(type_, await writing.restore(ctx, type_, record_id))

    return post("/{record_id:uuid}/restore", permission=f"{type_.permission}.delete")(
        _typed(restore_record, returns=type_.out)
    )


def _upsert(type_: RecordType) -> HTTPRouteHandler:
    async def upsert_record(ctx: Ctx, request: Any_, external_id: str) -> Response[Any]:
        body = decode_json(await request.body())
        record, is_new = await writing.upsert(ctx, type_, external_id, body, headers=request.headers)
        return _answer(type_, record, status=201 if is_new else 200)

    return put("/by-external-id/{external_id:str}", permission=f"{type_.permission}.edit")(
        _typed(upsert_record, returns=type_.out)
    )


def _bulk(type_: RecordType) -> HTTPRouteHandler:
    async def write_records(
        ctx: Ctx, request: Any_, dry_run: bool = False, upsert: bool = False
    ) -> Response[bulk.Outcome]:
        rows = bulk.read(await request.body())
        return Response(await bulk.write(ctx, type_, rows, upsert=upsert, dry_run=dry_run))

    return post("/bulk", permission=f"{type_.permission}.create")(write_records)
