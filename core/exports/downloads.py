"""Hands out the files of exports, to whoever may still export the records."""

from __future__ import annotations

from litestar.response import Stream

from core.exports import service
from core.exports.models import ExportRun
from core.kernel.errors import NotFound
from core.kernel.files import download_headers
from core.tenancy.ctx import Ctx

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def file_of(ctx: Ctx, run: ExportRun) -> Stream:
    """The file as a download; raises NotFound before it is ready and after it expired."""
    service.check(ctx, run)
    if run.file_sha256 is None:
        raise NotFound
    files, schema = ctx.machinery.files, ctx.tenant.schema
    files.path(schema, run.file_sha256)
    kind = TYPES[run.format]
    return Stream(
        files.open(schema, run.file_sha256), headers=download_headers(run.file_name, kind), media_type=kind
    )
