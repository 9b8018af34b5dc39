"""A worker makes a workspace of an archive that somebody brought.

Until its last transaction there is a tenant without an address, which nobody can open: a worker that is killed leaves
that to the next attempt, and else to time. Two attempts never share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from core.ext.specs import JobSpec
from core.kernel.errors import AppError, Unavailable
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.jobs import Cancelled, GiveUp, LeaseLost, Postpone, TenantGone
from core.runtime import Runtime
from core.tenancy import archive_own
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantRow, tenant_of
from core.tenancy.provisioning import CellFull
from tenants.accounts.models import Account
from tenants.process import installation
from tenants.workspace.mails import BROUGHT_BACK, BroughtParams, tell_brought
from tenants.workspace.models import Import
from tenants.workspace.places import brought
from tenants.workspace.service_arrival import Overtaken, open_up, settle_in
from tenants.workspace.service_import import IMPORT, ImportParams

FAILED: Final = N_("This did not work. Bring the archive again; if it fails again, ask the operator.")
CANCELLED: Final = N_("It was cancelled.")
FULL: Final = N_("This installation has no room for another workspace. Ask the operator.")
ATTEMPTS: Final = 5
"""So often a worker may die at an archive, or lose the database."""
_PASSING: Final = (
    LeaseLost,
    Postpone,
    TenantGone,
    Unavailable,
    OSError,
    psycopg.OperationalError,
    DBAPIError,
)

log = structlog.get_logger(__name__)


class Attempt(NamedTuple):
    """One attempt, and the tenant that is its own."""

    import_id: UUID
    made_id: UUID
    key: bytes
    account: Account
    is_last: bool


async def bring_back(run: Any) -> None:
    """Make the workspace; a killed attempt begins anew, and what it left is removed first."""
    async with run.open() as ctx:
        runtime: Runtime = ctx.machinery
        may, tenant_id = ctx.can(IMPORT), ctx.tenant.id
    attempt = await _begin(runtime, tenant_id, run.params.import_id)
    if attempt is None:
        return
    try:
        if not may:
            raise GiveUp("whoever asked may not any more")
        await _make(run, runtime, attempt)
    except Overtaken:
        return
    except Exception as error:
        if isinstance(error, _PASSING) and not attempt.is_last:
            raise
        log.warning("import.failed", import_id=str(attempt.import_id), error=repr(error))
        await _fail(runtime, attempt, error)
        if isinstance(error, Cancelled):
            raise
        raise GiveUp("no workspace could be made of the archive") from error
    brought(runtime, attempt.import_id).unlink(missing_ok=True)


async def _make(run: Any, runtime: Runtime, attempt: Attempt) -> None:
    home, path = installation(runtime), brought(runtime, attempt.import_id)
    made = await _whole(archive_own.draft, home, attempt.made_id, attempt.key)
    try:
        coming = await _whole(archive_own.read, home, path)
        await _fill(run, archive_own.fill(home, path, made))
        owner_id = await settle_in(runtime, made, attempt.account)
        await open_up(runtime, attempt.import_id, made, coming, owner_id)
    except BaseException:
        await _whole(archive_own.discard, home, made)
        runtime.directory.forget(made.id)
        raise


async def _fill(run: Any, steps: Iterator[tuple[int, int]]) -> None:
    """Fill table by table, and tell after each how far it is; whoever cancels is heard then."""
    try:
        while (step := await _whole(next, steps, None)) is not None:
            run.progress(*step)
            await run.step(str(uuid7()), _nothing)
    finally:
        await _whole(steps.close)  # type: ignore[attr-defined]


async def _whole(work: Any, *args: Any) -> Any:
    """Work in a thread, and wait for it also where this task is stopped: what it does cannot be."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _nothing(_ctx: Any) -> None:
    """Do nothing: the step tells the progress."""


async def _begin(runtime: Runtime, tenant_id: UUID, import_id: UUID) -> Attempt | None:
    """Take the place of any earlier attempt, and remove what it left; None where nothing is left to do.

    A job that came along in an archive has nothing to do with an import of the workspace that it came from.
    """
    async with runtime.control() as control:
        row = await control.session.get(Import, import_id, with_for_update=True)
        account = await control.session.get(Account, row.account_id) if row else None
        if row is None or account is None or row.key is None or row.tenant_id != tenant_id:
            return None
        left = await _draft_of(control, row)
        row.made_id = made_id = uuid7()
        row.attempts += 1
        attempt = Attempt(row.id, made_id, row.key, account, row.attempts >= ATTEMPTS)
        await control.session.flush()
        control.session.expunge(account)
    if left is not None:
        await _whole(archive_own.discard, installation(runtime), left)
    return attempt


async def _draft_of(control: Control, row: Import) -> Tenant | None:
    found = await control.session.get(TenantRow, row.made_id) if row.made_id else None
    if found is None or found.state != "deleting" or found.slug is not None:
        return None
    names = ("id", "slug", "name", "schema", "cell", "slice", "key")
    return tenant_of({name: getattr(found, name) for name in names} | {"state": found.state})


def _why(error: Exception) -> tuple[str, dict[str, Any]]:
    """What to tell of a failure, and nothing of what only the operator understands."""
    if isinstance(error, AppError) and error.detail:
        return error.detail, dict(error.params)
    if isinstance(error, CellFull):
        return FULL, {}
    return (CANCELLED if isinstance(error, Cancelled) else FAILED), {}


async def _fail(runtime: Runtime, attempt: Attempt, error: Exception) -> None:
    """Note why and tell whoever asked; the file goes. Nothing, where another attempt goes on."""
    words, params = _why(error)
    async with runtime.control() as control:
        row = await control.session.get(Import, attempt.import_id, with_for_update=True)
        if row is None or row.made_id != attempt.made_id or row.key is None:
            return
        row.failed_at, row.problem, row.params = control.now(), words, params
        row.key = row.made_id = None
        control.enqueue(BROUGHT_BACK, BroughtParams(import_id=row.id))
    brought(runtime, attempt.import_id).unlink(missing_ok=True)


def forget_files(folder: Path, before: float) -> None:
    """Remove files that were brought and that nobody has made anything of since."""
    for path in folder.glob("*.zip") if folder.is_dir() else ():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


IMPORT_JOBS: Final = [
    JobSpec(
        name=IMPORT,
        handler=bring_back,
        params=ImportParams,
        title=N_("Make a workspace from an archive"),
        timeout_s=3_600,
        page="/settings/data",
    ),
    JobSpec(
        name=BROUGHT_BACK,
        handler=tell_brought,
        params=BroughtParams,
        title=N_("Tell who brought an archive"),
        kind="control",
    ),
]
