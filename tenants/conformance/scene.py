"""Two workspaces on servers of their own: one has the plugin, the other does not know that it exists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import httpx
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import text

from core.app import create_app, create_runtime, running
from core.cli.database import migrate_all
from core.cli.serving import serving
from core.ext.registry import Module
from core.kernel.errors import NotFound
from core.runtime import Runtime
from core.settings import Settings
from core.tenancy.components import plugin_component
from core.tenancy.ctx import Principal
from core.tenancy.directory import Tenant
from core.worker import drain
from tenants.accounts import service as accounts
from tenants.accounts.authentication import COOKIE
from tenants.api_keys import service as keys
from tenants.api_keys.scopes import known
from tenants.marketplace import service as marketplace
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.service import add_member, create_workspace

T = TypeVar("T")
BASE = "http://guanxi.test"
PASSWORD = "correct horse battery staple"  # noqa: S105 (of a database that is thrown away)
RATE = 1_000_000


@dataclass(slots=True)
class Workspace:
    """One workspace, its owner's browser and its owner's API client."""

    tenant: Tenant
    member_id: UUID
    account_id: UUID
    key: str
    token: str

    @property
    def principal(self) -> Principal:
        """The owner, signed in."""
        return Principal(
            kind="member", tenant=self.tenant, member_id=self.member_id, account_id=self.account_id
        )


@dataclass(slots=True)
class Scene:
    """The workspace that ``has`` the plugin and the one that ``lacks`` it; everything is called by ``run``."""

    runtime: Runtime
    app: Litestar
    key: str
    has: Workspace
    lacks: Workspace
    run: Callable[[Awaitable[T]], T] = field(repr=False)

    @property
    def module(self) -> Module:
        """The plugin as it was loaded; raises :class:`NotFound` where no distribution brings it."""
        found = self.runtime.registry.modules.get(self.key)
        if found is None:
            raise NotFound(f"no installed distribution brings a plugin {self.key!r}")
        return found

    @property
    def prefix(self) -> str:
        """What the names of the plugin's tables and scopes begin with."""
        return self.key.replace(".", "_")

    def routes(self) -> Iterator[tuple[str, HTTPRouteHandler]]:
        """The plugin's routes: the address with its places, and the handler."""
        for route in self.app.routes:
            for found in getattr(route, "route_handler_map", {}).values():
                handler = found[0] if isinstance(found, tuple) else found
                if handler.opt.get("plugin") == self.key:
                    yield route.path_format, handler

    def ask(
        self, workspace: Workspace | None, path: str, method: str = "GET", **options: Any
    ) -> httpx.Response:
        """Send a request as the owner of a workspace: by key to the API, else as a browser; or as a stranger."""
        options.setdefault("headers", {})
        if workspace is not None and path.startswith("/api/"):
            options["headers"] |= {"authorization": f"Bearer {workspace.key}"}
        cookies = {COOKIE: workspace.token} if workspace is not None else {}

        async def _ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies) as client:
                return await client.request(method, path, **options)

        answer: httpx.Response = self.run(_ask())
        return answer

    def post(self, path: str, body: Any) -> Any:
        """Create something through the API of the workspace that has the plugin; gives the answer's JSON."""
        answer = self.ask(self.has, f"/api/v1{path}", "POST", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def work(self) -> None:
        """Have events relayed and jobs done until nothing is left."""
        self.run(drain(self.runtime))

    def switch(self, verb: str, **options: Any) -> None:
        """``enable``, ``disable`` or ``uninstall`` the plugin for the workspace that has it."""

        async def _switch() -> None:
            async with self.runtime.control(self.has.principal) as control:
                await getattr(marketplace, verb)(control, self.has.tenant, self.key, **options)

        self.run(_switch())
        self.run(self._again())

    def settle(self) -> None:
        """Have the switching carried out, and look at the workspace anew."""
        self.work()
        self.run(self._again())

    def configure(self, value: Any) -> None:
        """Set the plugin for the workspace that has it."""

        async def _configure() -> None:
            async with self.runtime.control(self.has.principal) as control:
                await marketplace.configure(control, self.has.tenant, self.key, value)

        self.run(_configure())
        self.run(self._again())

    def is_on(self) -> bool:
        """Whether the plugin serves the workspace that has it."""
        return self.runtime.registry.is_on(self.key, self.has.tenant.plugins)

    def tables(self, workspace: Workspace) -> dict[str, int]:
        """The plugin's tables in a workspace, and how many rows each has."""
        item = plugin_component(self.key)
        names = [table.name for table in item.tables()] if item else []

        async def _tables() -> dict[str, int]:
            found = {}
            async with self.runtime.open(workspace.tenant, readonly=True) as ctx:
                for name in names:
                    if await ctx.session.scalar(
                        text("SELECT to_regclass(:name) IS NOT NULL"), {"name": name}
                    ):
                        # The name is one of the plugin's models.
                        found[name] = await ctx.session.scalar(text(f'SELECT count(*) FROM "{name}"'))  # noqa: S608
            return found

        rows: dict[str, int] = self.run(_tables())
        return rows

    async def _again(self) -> None:
        self.runtime.directory.forget()
        self.has.tenant = await self.runtime.tenant(self.has.tenant.id)


@contextmanager
def scene(key: str) -> Iterator[Scene]:
    """Start servers in ``GUANXI_HOME``, make both workspaces and switch the plugin on in one."""
    with serving() as settings, asyncio.Runner() as runner:
        migrate_all(settings, lambda _line: None)
        made = create_runtime(_patient(settings))
        entered = running(made)
        runner.run(entered.__aenter__())
        try:
            yield runner.run(_scene(made, key, runner))
        finally:
            runner.run(entered.__aexit__(None, None, None))


def _patient(settings: Settings) -> Settings:
    return replace(
        settings, rate_address_per_minute=RATE, rate_tenant_per_minute=RATE, rate_key_per_minute=RATE
    )


async def _scene(runtime: Runtime, key: str, runner: asyncio.Runner) -> Scene:
    has, lacks = await _workspace(runtime, "has"), await _workspace(runtime, "lacks")
    made = Scene(runtime, create_app(runtime), key, has, lacks, runner.run)  # type: ignore[arg-type]
    if made.module.error:
        return made
    async with runtime.control(has.principal) as control:
        await marketplace.enable(control, has.tenant, key)
    await drain(runtime)
    await made._again()
    fill = getattr(made.module.source, "crm_demo", None)
    if fill is not None and made.is_on():
        async with runtime.open(has.tenant) as ctx:
            await fill(ctx, Random(key))  # noqa: S311 (the same rows every time)
    return made


async def _workspace(runtime: Runtime, slug: str) -> Workspace:
    tenant = await create_workspace(runtime, WorkspaceIn(name=slug.title(), slug=f"{slug}-it"))
    member_id = await add_member(
        runtime, tenant, OwnerIn(name="Ann", email=f"ann@{slug}.test"), password=PASSWORD
    )
    async with runtime.control() as control:
        account = await accounts.by_email(control, f"ann@{slug}.test")
        if account is None:
            raise NotFound
        wanted = keys.KeyIn(
            tenant_id=tenant.id, member_id=member_id, name=slug, scopes=sorted(known(runtime.registry))
        )
        text_, _ = await keys.issue(control, wanted)
        token = await accounts.open_session(control, account)
        return Workspace(tenant, member_id, account.id, text_, token)
