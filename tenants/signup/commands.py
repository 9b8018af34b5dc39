"""``guanxi workspaces``: make and list workspaces from the command line."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

import click

from core.kernel.errors import NotFound
from core.kernel.validate import convert
from core.runtime import Runtime
from core.tenancy.provisioning import GRACE, begin_delete, cancel_delete
from tenants.accounts import service as accounts
from tenants.accounts.second_factor import service as second_factor
from tenants.billing import service_accounts
from tenants.billing.plans import BUSINESS, PLANS
from tenants.process import require_tenant, with_runtime
from tenants.signup import demo as demos
from tenants.signup import service
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.slugs import suggest


@click.group()
def workspaces() -> None:
    """Make, list, move and delete workspaces."""


@workspaces.command("create")
@click.argument("name")
@click.option("--slug", help="Its part of every address; default: made of the name.")
@click.option("--owner", required=True, metavar="EMAIL", help="E-mail address of its first member.")
@click.option("--owner-name", default="", help="Name of its first member.")
@click.option("--locale", default="en", show_default=True)
@click.option("--timezone", default="UTC", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@click.option("--country", default="US", show_default=True)
@click.option(
    "--plan",
    type=click.Choice(list(PLANS)),
    default=BUSINESS.key,
    show_default=True,
    help="What it may have without paying.",
)
def create(name: str, slug: str | None, owner: str, owner_name: str, plan: str, **place: str) -> None:
    """Make a workspace with its owner; prints the password of a new account once."""
    data = convert(WorkspaceIn, {"name": name, "slug": slug or suggest(name), **place})
    first = OwnerIn(name=owner_name or owner.partition("@")[0], email=owner)
    password = secrets.token_urlsafe(12)

    async def work(runtime: Runtime) -> str | None:
        tenant = await service.create_workspace(runtime, data)
        async with runtime.control() as control:
            await service_accounts.give(control, tenant, plan)
        return await service.let_in(runtime, tenant, first, password=password)

    click.echo(json.dumps({"slug": data.slug, "owner": owner, "password": with_runtime(work)}))


@workspaces.command("list")
def list_() -> None:
    """List the workspaces, one JSON object a line."""

    async def work(runtime: Runtime) -> list[tuple[str, str, str]]:
        found = await runtime.directory.all()
        return [(one.slug, one.name, one.state) for one in found if one.sandbox_of is None]

    for slug, name, state in with_runtime(work):
        click.echo(json.dumps({"slug": slug, "name": name, "state": state}, ensure_ascii=False))


@workspaces.command("delete")
@click.argument("slug")
@click.option("--days", type=click.IntRange(0, 365), default=GRACE.days, show_default=True)
@click.option("--undo", is_flag=True, help="Open it again, as long as it is there.")
def delete(slug: str, days: int, *, undo: bool) -> None:
    """Close the workspace SLUG now, and have the worker remove it for good after some days."""

    async def work(runtime: Runtime) -> str | None:
        tenant = await require_tenant(runtime, slug)
        if undo:
            await cancel_delete(runtime.databases, tenant)
            return None
        at = await begin_delete(runtime.databases, tenant, grace=timedelta(days=days))
        return at.isoformat(timespec="seconds")

    click.echo(json.dumps({"slug": slug, "removed_after": with_runtime(work)}))


@click.group()
def members() -> None:
    """Let people into workspaces."""


@members.command("add")
@click.argument("workspace")
@click.argument("email")
@click.option("--name", default="", help="Default: what stands before the @.")
@click.option("--role", default="member", show_default=True)
def add(workspace: str, email: str, name: str, role: str) -> None:
    """Make EMAIL a member of WORKSPACE; prints the password of a new account once."""
    data = convert(OwnerIn, {"name": name or email.partition("@")[0], "email": email, "role": role})
    password = secrets.token_urlsafe(12)

    async def work(runtime: Runtime) -> str | None:
        tenant = await require_tenant(runtime, workspace)
        return await service.let_in(runtime, tenant, data, password=password)

    click.echo(json.dumps({"slug": workspace, "email": email, "password": with_runtime(work)}))


@members.command("forget-second-step")
@click.argument("email")
def forget_second_step(email: str) -> None:
    """Let EMAIL sign in with the password alone again, for who lost the phone and the recovery codes."""

    async def work(runtime: Runtime) -> None:
        async with runtime.control() as control:
            account = await accounts.by_email(control, email)
            if account is None:
                raise NotFound(f"nobody has the address {email}")
            await second_factor.forget(control, account)

    with_runtime(work)


@click.command()
@click.option("--again", is_flag=True, help="Remove what there is of them and begin anew.")
def demo(*, again: bool) -> None:
    """Make the two demo workspaces; logins and keys are written to demo.json in the home."""
    made = with_runtime(lambda runtime: demos.make(runtime, again=again))
    for workspace in made["workspaces"]:
        click.echo(f"{workspace['name']}  {workspace['url']}")
