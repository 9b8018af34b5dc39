"""The jobs of a workspace as a whole: its archive, its sandbox, the mails of its end, and what is swept away."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import or_, select, update

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.jobs import GiveUp
from core.runtime import Runtime
from core.tenancy.archive import export_tenant
from core.tenancy.directory import Tenant
from tenants.api_keys import sandbox
from tenants.process import installation
from tenants.workspace import events
from tenants.workspace.jobs_import import FAILED, forget_files
from tenants.workspace.mails import tell
from tenants.workspace.models import Archive, Import
from tenants.workspace.places import BROUGHT, FOLDER, place
from tenants.workspace.service import TELL, TellParams
from tenants.workspace.service_data import ARCHIVE, SANDBOX, ArchiveParams, SandboxParams, bound_to

KEPT: Final = timedelta(days=7)
ABANDONED: Final = timedelta(days=1)

log = structlog.get_logger(__name__)


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def write_archive(run: Any) -> None:
    """Write the archive; a killed attempt begins anew, as half a file is of no use."""
    params: ArchiveParams = run.params
    runtime, tenant = await _where(run)
    async with runtime.control() as control:
        asked = await control.session.get(Archive, params.archive_id)
    if asked is None or asked.tenant_id != tenant.id:
        # A workspace that was made of an archive has the job that wrote it, too.
        raise GiveUp("the archive is another workspace's")
    path = place(runtime, params.archive_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        passphrase = runtime.cipher(tenant).decrypt(params.passphrase, bound_to(params.archive_id))
        await asyncio.to_thread(export_tenant, installation(runtime), tenant, path, passphrase=passphrase)
    except Exception as error:
        log.exception("archive failed", tenant=tenant.slug)
        await _settle(runtime, params.archive_id, failed_at=runtime.clock.now())
        raise GiveUp("the archive could not be written") from error
    path.chmod(0o600)
    now = runtime.clock.now()
    size = path.stat().st_size
    await _settle(runtime, params.archive_id, finished_at=now, expires_at=now + KEPT, size_bytes=size)
    async with runtime.control() as control:
        archive = await control.session.get_one(Archive, params.archive_id)
        exported = events.WorkspaceExported(subject_id=tenant.id, label=archive.file_name)
        control.emit(exported, tenant_id=tenant.id)


async def care_for_sandbox(run: Any) -> None:
    """Copy the workspace into its sandbox, or remove that."""
    params: SandboxParams = run.params
    runtime, tenant = await _where(run)
    event: Any
    if params.wish == "make":
        copy = await sandbox.refresh(runtime, tenant)
        event = events.SandboxMade(subject_id=copy.id, label=tenant.name)
    else:
        await sandbox.remove(runtime, tenant)
        event = events.SandboxRemoved(subject_id=tenant.id, label=tenant.name)
    async with runtime.control() as control:
        control.emit(event, tenant_id=tenant.id)


async def sweep(runtime: Runtime, _params: Nothing) -> None:
    """Remove files whose time is over or whose workspace is gone, and give up what nobody finished."""
    now = runtime.clock.now()
    unfinished = (Archive.finished_at.is_(None), Archive.failed_at.is_(None))
    async with runtime.control() as control:
        lost = update(Archive).where(*unfinished, Archive.created_at < now - ABANDONED)
        await control.session.execute(lost.values(failed_at=now))
        living = select(Archive.id).where(or_(Archive.expires_at > now, Archive.finished_at.is_(None)))
        kept = {str(archive_id) for archive_id in await control.session.scalars(living)}
        lost_here = update(Import).where(Import.key.is_not(None), Import.created_at < now - ABANDONED)
        await control.session.execute(lost_here.values(failed_at=now, problem=FAILED, key=None, made_id=None))
    home = runtime.settings.home
    await asyncio.to_thread(_remove_files, home / FOLDER, kept, time.time())
    await asyncio.to_thread(forget_files, home / BROUGHT, time.time() - 2 * ABANDONED.total_seconds())


def _remove_files(folder: Path, kept: set[str], now: float) -> None:
    for path in folder.glob("*.zip*") if folder.is_dir() else ():
        is_old = now - path.stat().st_mtime > ABANDONED.total_seconds()
        if path.name.partition(".")[0] not in kept or (path.suffix == ".partial" and is_old):
            path.unlink(missing_ok=True)


async def _where(run: Any) -> tuple[Runtime, Tenant]:
    async with run.open() as ctx:
        runtime: Runtime = ctx.machinery
        tenant: Tenant = ctx.tenant
    if tenant.sandbox_of is not None:
        raise GiveUp("a sandbox has neither archive nor sandbox")
    return runtime, tenant


async def _settle(runtime: Runtime, archive_id: UUID, **values: Any) -> None:
    async with runtime.control() as control:
        await control.session.execute(update(Archive).where(Archive.id == archive_id).values(**values))


JOBS: Final = [
    JobSpec(
        name=ARCHIVE,
        handler=write_archive,
        params=ArchiveParams,
        title=N_("Export the workspace"),
        timeout_s=3_600,
        page="/settings/data",
    ),
    JobSpec(
        name=SANDBOX,
        handler=care_for_sandbox,
        params=SandboxParams,
        title=N_("Copy the workspace into its sandbox"),
        timeout_s=3_600,
        page="/settings/data",
    ),
    JobSpec(name=TELL, handler=tell, params=TellParams, title=N_("Tell members by mail"), kind="control"),
    JobSpec(
        name="workspace.sweep",
        handler=sweep,
        params=Nothing,
        title=N_("Remove old archives"),
        kind="control",
        every_s=3_600,
    ),
]
