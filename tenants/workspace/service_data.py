"""The verbs of a workspace's data: an archive of all of it, and the sandbox."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.kernel.errors import Conflict
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from tenants.workspace import queries
from tenants.workspace.models import Archive

ARCHIVE, SANDBOX = "workspace.archive", "workspace.sandbox"
AT_ONCE = 3


class ArchiveParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which archive; its passphrase sealed under the workspace's own key."""

    archive_id: UUID
    passphrase: str


class SandboxParams(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of the sandbox."""

    wish: Literal["make", "remove"]


def bound_to(archive_id: UUID) -> str:
    """What the sealed passphrase of an archive is bound to."""
    return f"workspace_archive|passphrase|{archive_id}"


async def ask_archive(ctx: Ctx, control: Control, passphrase: str) -> Archive:
    """Have the whole workspace written into one file, locked with a passphrase; a worker does it.

    Raises :class:`Conflict` while several are under way.
    """
    await ctx.require("workspace.export")
    under_way = select(func.count()).where(
        Archive.tenant_id == ctx.tenant.id, Archive.finished_at.is_(None), Archive.failed_at.is_(None)
    )
    if (await control.session.scalar(under_way) or 0) >= AT_ONCE:
        raise Conflict(code="archive.under_way", detail=N_("Wait for the archives that are being written."))
    name = f"{ctx.tenant.slug}-{ctx.today().isoformat()}.zip"
    archive = Archive(id=uuid7(), tenant_id=ctx.tenant.id, member_id=ctx.actor.member_id, file_name=name)
    control.session.add(archive)
    sealed = ctx.cipher().encrypt(passphrase, bound_to(archive.id))
    params = ArchiveParams(archive_id=archive.id, passphrase=sealed)
    title = ctx.t(N_("Export {file}"), file=name)
    control.enqueue(ARCHIVE, params, tenant_id=ctx.tenant.id, title=title)
    await control.session.flush()
    return archive


async def ask_sandbox(ctx: Ctx, control: Control, wish: Literal["make", "remove"]) -> None:
    """Have the sandbox copied anew from the workspace, or removed with its test keys; a worker does it."""
    await ctx.require("workspace.sandbox")
    is_there = await queries.sandbox(control, ctx.tenant.id) is not None
    if wish == "remove" and not is_there:
        raise Conflict(code="sandbox.missing", detail=N_("There is no sandbox."))
    titles = {"make": N_("Copy the workspace into its sandbox"), "remove": N_("Remove the sandbox")}
    control.enqueue(SANDBOX, SandboxParams(wish=wish), tenant_id=ctx.tenant.id, title=ctx.t(titles[wish]))
