"""Reads what somebody sends to import, as multipart form data or as JSON, and begins the import."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from core.imports import service
from core.imports.models import ImportRun
from core.imports.schema import ImportIn, ImportPatch
from core.kernel.errors import BadRequest, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert, decode_json
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values

LISTS = ("mapping", "match")
NOTHING = N_("Choose a file or paste some rows.")


async def take(ctx: Ctx, request: Request[Any, Any, Any]) -> ImportRun:
    """Begin an import of what a request holds; start it where it says so."""
    if (request.content_type or ("",))[0] == "multipart/form-data":
        sent = await form_values(request)
        file = sent.pop("file", None)
        lists = {name: decode_json(str(sent.pop(name)).encode()) for name in LISTS if name in sent}
        data = convert(ImportIn, sent, text=True)
        # As JSON, because typed lists drop their empty entries, and those say "not this column".
        chosen = convert(ImportPatch, lists)
        data = msgspec.structs.replace(data, mapping=chosen.mapping, match=chosen.match)
    else:
        body = decode_json(await request.body())
        if not isinstance(body, dict):
            raise BadRequest(detail=N_("Send a JSON object."))
        file, data = None, convert(ImportIn, body)
    content, name = await content_of(file, data.text)
    run = await service.create(ctx, data.record_type, content, name=data.name or name)
    wanted = {key: getattr(data, key) for key in ("mapping", "rule", "match", "create_missing")}
    run = await service.change(ctx, run, ImportPatch(**wanted))
    if data.start is not None:
        run = await service.start(ctx, run, dry_run=data.start == "check")
    return run


async def content_of(file: Any, text: str) -> tuple[bytes, str]:
    """The bytes and the name of an uploaded file, or of pasted rows."""
    if isinstance(file, UploadFile):
        content = await file.read()
        if content:
            return content, file.filename or ""
    if text.strip():
        return text.encode(), ""
    raise Invalid.field("file", "required", NOTHING)
