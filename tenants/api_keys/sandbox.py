"""The sandbox of a workspace: a copy beside it that test keys act on, with all ids kept.

It is made with the first test key or when somebody asks for it, from the workspace as it is then. Who may make it
opens it in the browser, too; nobody is a member of it alone. Made anew it is another copy that the same test keys act
on. Sealed secrets of the workspace do not open in it.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Update, delete, func, select, update

from core.kernel.errors import Conflict
from core.kernel.i18n import N_
from core.kernel.ids import opaque
from core.runtime import Runtime
from core.tenancy.archive import export_tenant, import_tenant
from core.tenancy.directory import FRESH_S, Tenant, TenantRow
from core.tenancy.provisioning import drop
from core.tenancy.sandboxes import slug_of
from tenants.api_keys.models import ApiKey
from tenants.process import installation

LEFT_S: Final = FRESH_S + 0.6
"""How long a retired copy still works for those who were sent there just before."""


async def sandbox(runtime: Runtime, live: Tenant) -> Tenant:
    """The sandbox of a workspace, made where there is none; harmless to repeat and to run twice at once."""
    if live.sandbox_of is not None:
        raise Conflict(code="sandbox.nested", detail=N_("A sandbox has no sandbox of its own."))
    slug = slug_of(live.slug)
    found = await _by_slug(runtime, slug)
    if found is None:
        try:
            await asyncio.to_thread(_copy, runtime, live, slug)
        except Conflict as error:
            if error.code != "tenant.slug_taken":
                raise
        found = await _by_slug(runtime, slug)
    # A workspace that moved while its copy was made has left that at an address which is another's now.
    if found is None or found.sandbox_of != live.id:
        raise Conflict(code="sandbox.missing")
    return found


async def refresh(runtime: Runtime, live: Tenant) -> Tenant:
    """Copy the workspace anew and let its test keys act on the new copy; the former one goes.

    Harmless to repeat: what a killed attempt left is removed first.
    """
    if live.sandbox_of is not None:
        raise Conflict(code="sandbox.nested", detail=N_("A sandbox has no sandbox of its own."))
    await _drop(runtime, await _drafts(runtime, live))
    draft = f"{slug_of(live.slug)}.{opaque()}"
    await asyncio.to_thread(_copy, runtime, live, draft)
    copy = await _by_slug(runtime, draft)
    if copy is None:
        raise Conflict(code="sandbox.missing")
    async with runtime.control() as control:
        # Where the workspace is by now: making a copy takes its time. Locked first, as whoever moves it does.
        here = select(TenantRow.slug).where(TenantRow.id == live.id).with_for_update()
        slug = await control.session.scalar(here) or live.slug
        former = (await control.session.scalars(_copies(live).where(TenantRow.id != copy.id))).all()
        moved = update(ApiKey).where(ApiKey.tenant_id.in_(former)).values(tenant_id=copy.id)
        await control.session.execute(moved)
        await control.session.execute(_retire(former))
        fresh = update(TenantRow).where(TenantRow.id == copy.id)
        await control.session.execute(fresh.values(slug=slug_of(slug)))
        await runtime.directory.bump(copy.id, control.session)
    await _left(runtime, former)
    return await runtime.tenant(copy.id)


async def remove(runtime: Runtime, live: Tenant) -> None:
    """Remove the sandbox with its test keys; harmless to repeat."""
    async with runtime.control() as control:
        former = (await control.session.scalars(_copies(live))).all()
        await control.session.execute(delete(ApiKey).where(ApiKey.tenant_id.in_(former)))
        await control.session.execute(_retire(former))
    await _left(runtime, former)
    await _drop(runtime, await _drafts(runtime, live))


def _copies(live: Tenant) -> Select[Any]:
    return select(TenantRow.id).where(TenantRow.sandbox_of == live.id)


def _retire(tenant_ids: Sequence[UUID]) -> Update:
    """Have copies removed by whoever comes by, should this process end before it did."""
    return (
        update(TenantRow)
        .where(TenantRow.id.in_(tenant_ids))
        .values(
            slug=None,
            sandbox_of=None,
            state="deleting",
            delete_after=func.now(),
            revision=TenantRow.revision + 1,
        )
    )


async def _drafts(runtime: Runtime, live: Tenant) -> Sequence[UUID]:
    async with runtime.control() as control:
        drafts = select(TenantRow.id).where(TenantRow.slug.startswith(f"{slug_of(live.slug)}."))
        return (await control.session.scalars(drafts)).all()


async def _left(runtime: Runtime, former: Sequence[UUID]) -> None:
    """Drop copies once no process leads anybody there any more: who is inside gets a page, and no broken one."""
    if former:
        await asyncio.sleep(LEFT_S)
    await _drop(runtime, former)


async def _drop(runtime: Runtime, tenant_ids: Sequence[UUID]) -> None:
    runtime.directory.forget()
    for tenant_id in tenant_ids:
        tenant = await runtime.directory.by_id(tenant_id)
        if tenant is not None:
            await asyncio.to_thread(drop, runtime.databases.settings, tenant)
            await runtime.files.delete_tenant(tenant.schema)
    runtime.directory.forget()


async def _by_slug(runtime: Runtime, slug: str) -> Tenant | None:
    runtime.directory.forget()
    return await runtime.directory.by_slug(slug)


def _copy(runtime: Runtime, live: Tenant, slug: str) -> None:
    passphrase = secrets.token_urlsafe(32)
    place = installation(runtime)
    with tempfile.TemporaryDirectory(dir=runtime.settings.home, prefix=".sandbox-") as folder:
        archive = Path(folder) / "workspace.zip"
        export_tenant(place, live, archive, passphrase=passphrase)
        import_tenant(place, archive, passphrase=passphrase, slug=slug, as_copy="sandbox", cell=live.cell)
