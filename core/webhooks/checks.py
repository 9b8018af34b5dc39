"""Whether messages are sent: what `guanxi doctor` asks of the webhooks of all workspaces."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.tenancy.directory import Tenant
from core.webhooks import queries, service
from core.webhooks.models import Endpoint

OVERDUE: Final = timedelta(hours=1)
AT_ONCE: Final = 8
MOST: Final = 20

_QUEUED = text("SELECT DISTINCT params ->> 'endpoint_id' FROM cell.job WHERE name = :name")


async def delivery_problems(runtime: Any) -> list[str]:
    """Say which webhooks have messages that were due long ago and that no job is going to send."""
    room = asyncio.Semaphore(AT_ONCE)

    async def of(tenant: Tenant) -> list[tuple[Tenant, Endpoint, str]]:
        async with room:
            return await _overdue(runtime, tenant)

    tenants = [tenant for tenant in await runtime.directory.all() if tenant.state == "active"]
    found = [one for some in await asyncio.gather(*map(of, tenants)) for one in some]
    # Asked last: whoever gave an endpoint back in between has queued the job that goes on.
    queued = await _queued(runtime) if found else set()
    lost = [
        f"messages of workspace {tenant.slug} to {endpoint.url} were due since {since} UTC and nobody sends them;"
        " sending one of them again in the settings sends all"
        for tenant, endpoint, since in found
        if endpoint.id not in queued
    ]
    return lost[:MOST]


async def _overdue(runtime: Any, tenant: Tenant) -> list[tuple[Tenant, Endpoint, str]]:
    found = []
    async with runtime.open(tenant, readonly=True) as ctx:
        for endpoint in await queries.endpoints(ctx):
            due = await queries.next_due(ctx, endpoint)
            if due is None or (endpoint.sender_until and endpoint.sender_until > ctx.now()):
                continue
            since = max(due, endpoint.rest_until or due)
            if since < ctx.now() - OVERDUE:
                found.append((tenant, endpoint, f"{since:%Y-%m-%d %H:%M}"))
    return found


async def _queued(runtime: Any) -> set[UUID]:
    found: set[UUID] = set()
    for cell in runtime.databases.cells():
        async with runtime.databases.cell(cell, readonly=True) as unit:
            ids = (await unit.session.scalars(_QUEUED, {"name": service.DELIVER})).all()
        found |= {UUID(one) for one in ids}
    return found
