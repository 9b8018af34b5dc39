"""Archives of modules as they leave and come in again over the network.

Owns no table. Never writes what was not checked to be this workspace's own.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import IO, Any, Final

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import Stream
from sqlalchemy import func, select

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.files import chunks, download_headers
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy import plugin_archive
from core.tenancy.components import plugin_component
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.request import runtime_of
from tenants.marketplace import leaving, service
from tenants.marketplace.queries import module_of, rows
from tenants.process import installation

MOST_GB: Final = plugin_archive.MAX_BYTES // 1024**3
BODY_BYTES: Final = plugin_archive.MAX_BYTES + 1024**2
"""An archive, and what a form has around it."""


async def download(ctx: Ctx, control: Control, request: Request[Any, Any, Any], plugin: str) -> Stream:
    """Send what a removed module left."""
    row = (await rows(control, ctx.tenant.id)).get(plugin)
    path = leaving.place(runtime_of(request), ctx.tenant) / row.archive if row and row.archive else None
    if path is None or not path.is_file():
        raise NotFound
    return Stream(chunks(path), headers=download_headers(path.name, "application/zip"))


async def bring_back(ctx: Ctx, control: Control, request: Request[Any, Any, Any], plugin: str) -> None:
    """Switch a module on with the archive of a sent form, field ``file``; nothing of it is kept where it is refused.

    Raises :class:`BadRequest` unless it was written here for this workspace and module, :class:`Conflict` while the
    module holds rows or is at work.
    """
    module_of(control.machinery.registry, plugin)
    await _refuse_rows(ctx, plugin)
    sent = (await request.form()).get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Invalid.field("file", "required", N_("Choose a file."))
    runtime, content = runtime_of(request), sent.file
    home = installation(runtime)
    await asyncio.to_thread(plugin_archive.check, home, ctx.tenant, plugin, content)
    kept = leaving.place(runtime, ctx.tenant) / f"{plugin}-{uuid7()}.zip"
    try:
        await asyncio.to_thread(_keep, content, kept)
        if plugin not in await service.enable(control, ctx.tenant, plugin, archive=kept.name):
            raise Conflict(code="plugin.busy", detail=service.BUSY)
    except BaseException:
        kept.unlink(missing_ok=True)
        raise


async def _refuse_rows(ctx: Ctx, plugin: str) -> None:
    item = plugin_component(plugin)
    if item is None:
        raise NotFound
    for table in item.tables():
        is_there = await ctx.session.scalar(select(func.to_regclass(table.name).is_not(None)))
        if is_there and await ctx.session.scalar(select(select(table).exists())):
            raise Conflict(code="archive.rows", detail=plugin_archive.ROWS)


def _keep(content: IO[bytes], kept: Path) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content.seek(0)
    with kept.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
