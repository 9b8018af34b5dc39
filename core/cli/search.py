"""`guanxi search rebuild`: write what is found anew from the records."""

import asyncio

import click

from core.app import create_runtime, running
from core.cli.serving import serving
from core.kernel.errors import NotFound
from core.runtime import Runtime
from core.search import service
from core.search.service import Place
from core.tenancy.directory import Tenant


@click.group()
def search() -> None:
    """Keep the search index."""


@search.command()
@click.argument("workspaces", nargs=-1, metavar="[SLUG]…")
def rebuild(workspaces: tuple[str, ...]) -> None:
    """Write the index of these workspaces anew, or of all; everything goes on running."""

    async def work(runtime: Runtime) -> None:
        async with running(runtime):
            for tenant in await _tenants(runtime, workspaces):
                await _rebuild(runtime, tenant)
                click.echo(tenant.slug)

    with serving() as settings:
        asyncio.run(work(create_runtime(settings)))


async def _tenants(runtime: Runtime, slugs: tuple[str, ...]) -> list[Tenant]:
    known = {tenant.slug: tenant for tenant in await runtime.directory.all() if tenant.state == "active"}
    unknown = [slug for slug in slugs if slug not in known]
    if unknown:
        raise NotFound(detail=f"There is no workspace {', '.join(unknown)}.")
    return [known[slug] for slug in slugs] if slugs else list(known.values())


async def _rebuild(runtime: Runtime, tenant: Tenant) -> None:
    place: Place | None = ("", "")
    while place is not None:
        async with runtime.open(tenant) as ctx:
            place = await service.rebuild_some(ctx, place)


COMMANDS = [search]
