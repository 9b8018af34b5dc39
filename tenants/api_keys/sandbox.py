"""The sandbox of a workspace: a copy beside it that test keys act on, with all ids kept.

It is made with the first test key, from the workspace as it is then, and nobody logs in to it. Sealed secrets
of the workspace do not open in it.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path

from sqlalchemy import update

from core.kernel.errors import Conflict
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.archive import export_tenant, import_tenant
from core.tenancy.directory import Tenant, TenantRow
from tenants.process import installation


async def sandbox(runtime: Runtime, live: Tenant) -> Tenant:
    """The sandbox of a workspace, made where there is none; harmless to repeat and to run twice at once."""
    if live.sandbox_of is not None:
        raise Conflict(code="sandbox.nested", detail=N_("A sandbox has no sandbox of its own."))
    # No workspace's address has a dot, so this one is never taken, and no page is ever served under it.
    slug = f"{live.slug}.sandbox"
    found = await _by_slug(runtime, slug)
    if found is None:
        try:
            await asyncio.to_thread(_copy, runtime, live, slug)
        except Conflict as error:
            if error.code != "tenant.slug_taken":
                raise
        found = await _by_slug(runtime, slug)
    if found is None:
        raise Conflict(code="sandbox.missing")
    if found.sandbox_of is None:
        await _bind(runtime, found, live)
    return await runtime.tenant(found.id)


async def _by_slug(runtime: Runtime, slug: str) -> Tenant | None:
    runtime.directory.forget()
    return await runtime.directory.by_slug(slug)


def _copy(runtime: Runtime, live: Tenant, slug: str) -> None:
    passphrase = secrets.token_urlsafe(32)
    place = installation(runtime)
    with tempfile.TemporaryDirectory(dir=runtime.settings.home, prefix=".sandbox-") as folder:
        archive = Path(folder) / "workspace.zip"
        export_tenant(place, live, archive, passphrase=passphrase)
        import_tenant(place, archive, passphrase=passphrase, slug=slug, as_copy=True, cell=live.cell)


async def _bind(runtime: Runtime, copy: Tenant, live: Tenant) -> None:
    async with runtime.control() as control:
        await control.session.execute(
            update(TenantRow).where(TenantRow.id == copy.id).values(sandbox_of=live.id)
        )
        await runtime.directory.bump(copy.id, control.session)
    runtime.directory.forget(copy.id)
