"""A workspace is made of an archive that somebody brings: what is asked before a worker begins.

Never makes anything of an archive that this installation did not write.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict, UploadFile
from sqlalchemy import func, select

from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from core.kernel.files import safe_name
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.jobs import JobRunRow
from core.kernel.validate import convert
from core.runtime import Runtime
from core.tenancy import archive_own
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from tenants.accounts import limits
from tenants.process import installation
from tenants.workspace import queries
from tenants.workspace.models import Import
from tenants.workspace.places import brought
from tenants.workspace.schema import ImportIn

IMPORT = "workspace.import"
MOST_GB = 1
BODY_BYTES = MOST_GB * 1024**3 + 1024**2
"""An archive, and what a form has around it."""


class ImportParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which import."""

    import_id: UUID


async def ask_import(ctx: Ctx, control: Control, form: FormMultiDict, *, client: str) -> Import:
    """Have another workspace made of an archive, fields ``file`` and ``passphrase``; a worker does it.

    It belongs to whoever asks and takes nothing from anybody. Raises :class:`Invalid` for the form,
    :class:`BadRequest` for the archive, :class:`Conflict` while one is under way, ``TooManyRequests`` as signing up
    does.
    """
    await ctx.require(IMPORT)
    upload, passphrase = _read(form)
    account = await queries.account_of(control, ctx.tenant.id, ctx.actor.member_id)
    if account is None:
        raise Forbidden(detail=N_("Only an owner can do this."))
    under_way = (Import.finished_at.is_(None), Import.failed_at.is_(None))
    # One at a time for a login, in whichever of its workspaces it asks; nobody waits here with a connection in hand.
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(str(account.id), 0))
    if not await control.session.scalar(select(lock)):
        raise _under_way()
    before = await control.session.scalar(
        select(Import).where(Import.account_id == account.id, *under_way).limit(1)
    )
    if before is not None:
        # What is cancelled between two attempts is not begun again, so nobody has noted it.
        asked = (JobRunRow.name == IMPORT, JobRunRow.params["import_id"].astext == str(before.id))
        if not await ctx.session.scalar(select(JobRunRow.id).where(*asked, JobRunRow.state == "cancelled")):
            raise _under_way()
        before.failed_at, before.problem, before.key = control.now(), N_("It was cancelled."), None
    runtime: Any = ctx.machinery
    home = installation(runtime)
    coming = await asyncio.to_thread(archive_own.check, home, upload.file, passphrase)
    await limits.signup(runtime, client, account.email)
    row = Import(
        id=uuid7(),
        tenant_id=ctx.tenant.id,
        member_id=ctx.actor.member_id,
        account_id=account.id,
        file_name=safe_name(upload.filename),
        name=coming.name,
        key=coming.key,
    )
    control.session.add(row)
    await _keep(runtime, row.id, upload.file)
    title = ctx.t(N_("Bring {name} back"), name=coming.name)
    control.enqueue(IMPORT, ImportParams(import_id=row.id), tenant_id=ctx.tenant.id, title=title)
    await control.session.flush()
    return row


def _under_way() -> Conflict:
    return Conflict(code="import.under_way", detail=N_("Wait for the archive that is being read in."))


def _read(form: FormMultiDict) -> tuple[UploadFile, str]:
    """Read the form; what is wrong is told together."""
    sent, errors = form.get("file"), list[FieldError]()
    if not isinstance(sent, UploadFile) or not sent.filename:
        errors = [FieldError("file", "required", N_("Choose a file."))]
    try:
        data = convert(ImportIn, {"passphrase": form.get("passphrase", "")}, text=True)
    except Invalid as error:
        raise Invalid(errors=[*errors, *error.errors]) from error
    if errors or not isinstance(sent, UploadFile):
        raise Invalid(errors=errors)
    return sent, data.passphrase


async def _keep(runtime: Runtime, import_id: UUID, content: IO[bytes]) -> None:
    await asyncio.to_thread(_write, content, brought(runtime, import_id))


def _write(content: IO[bytes], path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content.seek(0)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
