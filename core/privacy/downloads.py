"""Hands out the exported data of a person."""

from __future__ import annotations

from typing import Final

from litestar.response import Stream

from core.kernel.errors import NotFound
from core.kernel.files import download_headers
from core.privacy.models import DataRequest
from core.tenancy.ctx import Ctx

ZIP: Final = "application/zip"


async def file_of(ctx: Ctx, request: DataRequest) -> Stream:
    """The file as a download; raises NotFound before it is ready and after it expired."""
    if request.file_sha256 is None:
        raise NotFound
    files, schema = ctx.machinery.files, ctx.tenant.schema
    files.path(schema, request.file_sha256)
    headers = download_headers(request.file_name, ZIP)
    return Stream(files.open(schema, request.file_sha256), headers=headers, media_type=ZIP)
