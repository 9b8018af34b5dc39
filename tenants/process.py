"""What commands of the control plane share: the parts of a process for one piece of work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from core.app import create_runtime, running
from core.cli.database import migrate_all
from core.cli.serving import serving
from core.kernel.errors import NotFound
from core.runtime import Runtime
from core.tenancy.archive import Installation
from core.tenancy.directory import Tenant

T = TypeVar("T")


def with_runtime(work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run some work with the parts of a process, on running servers with their tables at head."""

    async def _run(runtime: Runtime) -> T:
        async with running(runtime):
            return await work(runtime)

    with serving() as settings:
        migrate_all(settings, lambda line: click.echo(line, err=True))
        return asyncio.run(_run(create_runtime(settings)))


def installation(runtime: Runtime) -> Installation:
    """What archives need to know of this installation."""
    return Installation(runtime.databases.settings, runtime.keyring, runtime.settings.home / "files")


async def require_tenant(runtime: Runtime, slug: str) -> Tenant:
    """The workspace of an address; raises :class:`NotFound` where there is none."""
    tenant = await runtime.directory.by_slug(slug)
    if tenant is None:
        raise NotFound(f"there is no workspace {slug}")
    return tenant
