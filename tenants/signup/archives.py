"""``guanxi workspaces export`` and ``import``: one workspace as one archive, its people let in again."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click
from sqlalchemy import select

from core.access.models import Member
from core.runtime import Runtime
from core.tenancy.archive import export_tenant, import_tenant
from core.tenancy.directory import Tenant
from tenants.process import installation, require_tenant, with_runtime
from tenants.signup import service
from tenants.signup.schema import OwnerIn

PASSPHRASE = click.option(
    "--passphrase",
    envvar="GUANXI_PASSPHRASE",
    prompt=True,
    hide_input=True,
    help="Wraps the workspace's key; without it the archive cannot be read in [GUANXI_PASSPHRASE].",
)


@click.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PASSPHRASE
def export(slug: str, file: Path, passphrase: str) -> None:
    """Write the workspace SLUG with its files into the new archive FILE; it goes on running."""
    if file.exists():
        raise click.ClickException(f"{file} exists already")

    async def work(runtime: Runtime) -> dict[str, object]:
        tenant = await require_tenant(runtime, slug)
        return export_tenant(installation(runtime), tenant, file, passphrase=passphrase)

    manifest = with_runtime(work)
    click.echo(json.dumps({"slug": slug, "file": str(file), "files": manifest["files"]}))


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--slug", help="Its part of every address, where the old one is taken.")
@click.option("--copy", "as_copy", is_flag=True, help="Give it a new identity beside the live workspace.")
@PASSPHRASE
def import_(file: Path, slug: str | None, as_copy: bool, passphrase: str) -> None:
    """Make a workspace from the archive FILE, all ids kept; prints the passwords of new accounts once."""

    async def work(runtime: Runtime) -> dict[str, object]:
        tenant_id = import_tenant(
            installation(runtime), file, passphrase=passphrase, slug=slug, as_copy=as_copy
        )
        runtime.directory.forget()
        tenant = await runtime.tenant(tenant_id)
        return {"slug": tenant.slug, "passwords": await let_in(runtime, tenant)}

    click.echo(json.dumps(with_runtime(work), ensure_ascii=False))


async def let_in(runtime: Runtime, tenant: Tenant) -> dict[str, str]:
    """Give every active member of an imported workspace an account; gives the passwords of new ones."""
    async with runtime.open(tenant, readonly=True) as ctx:
        members = (await ctx.session.scalars(select(Member).where(Member.active))).all()
        people = [OwnerIn(name=one.name, email=one.email, role=one.role) for one in members]
    made = {
        person.email: await service.let_in(runtime, tenant, person, password=secrets.token_urlsafe(12))
        for person in people
    }
    return {email: password for email, password in made.items() if password}
