"""``guanxi keys``: issue, list, rotate and revoke API keys from the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import click
from sqlalchemy import or_, select

from core.access.models import Member
from core.kernel.errors import NotFound
from core.runtime import Runtime
from core.tenancy.directory import Tenant, TenantRow
from tenants.api_keys import scopes, service
from tenants.api_keys.models import ApiKey
from tenants.api_keys.sandbox import sandbox
from tenants.process import require_tenant, with_runtime


@click.group()
def keys() -> None:
    """Issue, list, rotate and revoke API keys."""


@keys.command("create")
@click.argument("workspace")
@click.option("--member", required=True, metavar="EMAIL", help="Whose rights the key has.")
@click.option("--name", default="command line", show_default=True)
@click.option(
    "--scope",
    "wanted",
    multiple=True,
    required=True,
    help="Like customers:read; all:read, all:write. Repeatable.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires; default: never.")
@click.option("--test", "is_test", is_flag=True, help="A key that acts on a copy of the workspace.")
def create(
    workspace: str, member: str, name: str, wanted: tuple[str, ...], days: int | None, *, is_test: bool
) -> None:
    """Issue a key of a workspace; it is shown this once."""

    async def work(runtime: Runtime) -> str:
        tenant = await require_tenant(runtime, workspace)
        if is_test:
            tenant = await sandbox(runtime, tenant)
        member_id = await _member(runtime, tenant, member)
        async with runtime.control() as control:
            data = service.KeyIn(
                tenant_id=tenant.id,
                member_id=member_id,
                name=name,
                scopes=scopes.checked(runtime.registry, wanted),
                mode="test" if is_test else "live",
                expires_at=control.now() + timedelta(days=days) if days else None,
            )
            return (await service.issue(control, data))[0]

    click.echo(with_runtime(work))


@keys.command("list")
@click.argument("workspace")
def list_(workspace: str) -> None:
    """List the keys of a workspace and of its sandbox, one JSON object a line."""

    async def work(runtime: Runtime) -> list[dict[str, object]]:
        tenant = await require_tenant(runtime, workspace)
        async with runtime.control() as control:
            copies = select(TenantRow.id).where(TenantRow.sandbox_of == tenant.id)
            statement = select(ApiKey).where(or_(ApiKey.tenant_id == tenant.id, ApiKey.tenant_id.in_(copies)))
            statement = statement.order_by(ApiKey.id)
            return [_shown(key) for key in await control.session.scalars(statement)]

    for shown in with_runtime(work):
        click.echo(json.dumps(shown, ensure_ascii=False))


@keys.command("revoke")
@click.argument("key_id", type=click.UUID)
def revoke(key_id: UUID) -> None:
    """End a key; within a second nobody accepts it any more."""

    async def work(runtime: Runtime) -> None:
        async with runtime.control() as control:
            await service.revoke(control, key_id)

    with_runtime(work)


@keys.command("rotate")
@click.argument("key_id", type=click.UUID)
@click.option("--hours", default=24, show_default=True, help="How long the old key goes on working.")
def rotate(key_id: UUID, hours: int) -> None:
    """Issue a successor with the same rights; it is shown this once."""

    async def work(runtime: Runtime) -> str:
        async with runtime.control() as control:
            return (await service.rotate(control, key_id, overlap=timedelta(hours=hours)))[0]

    click.echo(with_runtime(work))


async def _member(runtime: Runtime, tenant: Tenant, email: str) -> UUID:
    async with runtime.open(tenant, readonly=True) as ctx:
        statement = select(Member.id).where(Member.email == email.strip().lower(), Member.active)
        found = await ctx.session.scalar(statement)
    if found is None:
        raise NotFound(f"{tenant.slug} has no active member {email}")
    return found


def _shown(key: ApiKey) -> dict[str, object]:
    moments = {"expires_at": key.expires_at, "last_used_at": key.last_used_at, "revoked_at": key.revoked_at}
    return {
        "id": str(key.id),
        "name": key.name,
        "key": key.hint,
        "mode": key.mode,
        "scopes": key.scopes,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
