"""``guanxi workspaces``: make and list workspaces from the command line."""

from __future__ import annotations

import json
import secrets

import click

from core.kernel.validate import convert
from core.runtime import Runtime
from tenants.process import with_runtime
from tenants.signup import demo as demos
from tenants.signup import service
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.slugs import suggest


@click.group()
def workspaces() -> None:
    """Make and list workspaces."""


@workspaces.command("create")
@click.argument("name")
@click.option("--slug", help="Its part of every address; default: made of the name.")
@click.option("--owner", required=True, metavar="EMAIL", help="E-mail address of its first member.")
@click.option("--owner-name", default="", help="Name of its first member.")
@click.option("--locale", default="en", show_default=True)
@click.option("--timezone", default="UTC", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@click.option("--country", default="US", show_default=True)
def create(name: str, slug: str | None, owner: str, owner_name: str, **place: str) -> None:
    """Make a workspace with its owner; prints the password of a new account once."""
    data = convert(WorkspaceIn, {"name": name, "slug": slug or suggest(name), **place})
    first = OwnerIn(name=owner_name or owner.partition("@")[0], email=owner)
    password = secrets.token_urlsafe(12)

    async def work(runtime: Runtime) -> None:
        tenant = await service.create_workspace(runtime, data)
        await service.add_member(runtime, tenant, first, password=password)

    with_runtime(work)
    click.echo(json.dumps({"slug": data.slug, "owner": owner, "password": password}))


@workspaces.command("list")
def list_() -> None:
    """List the workspaces, one JSON object a line."""

    async def work(runtime: Runtime) -> list[tuple[str, str, str]]:
        found = await runtime.directory.all()
        return [(one.slug, one.name, one.state) for one in found if one.sandbox_of is None]

    for slug, name, state in with_runtime(work):
        click.echo(json.dumps({"slug": slug, "name": name, "state": state}, ensure_ascii=False))


@click.command()
@click.option("--again", is_flag=True, help="Remove what there is of them and begin anew.")
def demo(*, again: bool) -> None:
    """Make the two demo workspaces; logins and keys are written to demo.json in the home."""
    made = with_runtime(lambda runtime: demos.make(runtime, again=again))
    for workspace in made["workspaces"]:
        click.echo(f"{workspace['name']}  {workspace['url']}")
