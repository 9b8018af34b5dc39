"""What comes in and goes out: a form's files into the store, a stored file as a download."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import Stream

from core.activities.files import queries, service
from core.activities.files.models import Attachment
from core.kernel.errors import Invalid
from core.kernel.files import download_headers
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from core.web.request import runtime_of


async def receive(
    ctx: Ctx, request: Request[Any, Any, Any], record_type: str, record_id: UUID
) -> list[Attachment]:
    """Store the files of a sent form, field ``file``, and put them on a record; all of them or none."""
    at = await queries.place(ctx, record_type, record_id, action="edit")
    sent = [item for item in (await request.form()).getall("file", []) if isinstance(item, UploadFile)]
    if not any(item.filename for item in sent):
        raise Invalid.field("file", "required", N_("Choose a file."))
    store = runtime_of(request).files
    attached = []
    for item in sent:
        content = await item.read()
        stored = await store.save(ctx.tenant.schema, content, item.filename, max_bytes=service.MAX_BYTES)
        attached.append(await service.attach(ctx, at.type, at.record, stored))
    return attached


async def download(ctx: Ctx, request: Request[Any, Any, Any], file_id: UUID) -> Stream:
    """Send a file as an attachment that no browser runs."""
    attachment, _ = await queries.find(ctx, file_id)
    store = runtime_of(request).files
    store.path(ctx.tenant.schema, attachment.sha256)
    headers = download_headers(attachment.name, attachment.media_type)
    headers["Content-Length"] = str(attachment.size_bytes)
    media_type = headers.pop("Content-Type")
    return Stream(store.open(ctx.tenant.schema, attachment.sha256), media_type=media_type, headers=headers)
