"""The two demo workspaces: a Chinese trading company and an exporter of software, each with its people.

Dates are relative to today, everything else is the same on every run. The history is made with a clock that
the modules may move back.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from core import worker
from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberPatch, UnitIn
from core.access.units import create_unit
from core.kernel.clock import FrozenClock
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import drop
from tenants.accounts.models import Account, Membership
from tenants.api_keys import scopes
from tenants.api_keys import service as keys
from tenants.marketplace import service as marketplace
from tenants.signup import service
from tenants.signup.schema import OwnerIn, WorkspaceIn

FILE = "demo.json"


class Somebody(NamedTuple):
    """A member of a demo workspace; ``shown`` offers a login on the first page."""

    name: str
    email: str
    role: str
    unit: str = ""
    title: str = ""
    shown: bool = False


class Demo(NamedTuple):
    """A demo workspace."""

    workspace: WorkspaceIn
    people: tuple[Somebody, ...]


DEMOS = (
    Demo(
        WorkspaceIn(
            name="恒通贸易",
            slug="hengtong",
            locale="zh_CN",
            timezone="Asia/Shanghai",
            currency="CNY",
            country="CN",
        ),
        (
            Somebody("陈晓燕", "chen@hengtong.demo", "owner", "", "总经理", shown=True),
            Somebody("赵敏", "zhao@hengtong.demo", "member", "华南销售部", "业务员", shown=True),
            Somebody("林雪", "lin@hengtong.demo", "admin", "", "系统管理员", shown=True),
            Somebody("王建国", "wang@hengtong.demo", "manager", "华南销售部", "销售经理"),
            Somebody("刘洋", "liu@hengtong.demo", "member", "华南销售部", "业务员"),
            Somebody("孙丽", "sun@hengtong.demo", "member", "华东销售部", "业务员"),
            Somebody("周涛", "zhou@hengtong.demo", "manager", "华东销售部", "销售经理"),
        ),
    ),
    Demo(
        WorkspaceIn(
            name="Brightline Software",
            slug="brightline",
            locale="en",
            timezone="Europe/Berlin",
            currency="USD",
            country="DE",
        ),
        (
            Somebody("Clara Weiss", "clara@brightline.demo", "owner", "", "Managing director", shown=True),
            Somebody(
                "Tom Becker", "tom@brightline.demo", "member", "Europe", "Account executive", shown=True
            ),
            Somebody("Lin Xue", "lin@hengtong.demo", "admin", "", "Administrator", shown=True),
            Somebody("Sara Lind", "sara@brightline.demo", "manager", "Europe", "Head of sales, Europe"),
            Somebody("James Ortiz", "james@brightline.demo", "member", "Americas", "Account executive"),
            Somebody("Priya Nair", "priya@brightline.demo", "manager", "Asia", "Head of sales, Asia"),
        ),
    ),
)


async def make(runtime: Runtime, *, again: bool = False) -> dict[str, Any]:
    """Make both workspaces and write ``demo.json``; what is there already stays, unless ``again``."""
    path = runtime.settings.home / FILE
    if path.exists() and not again:
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found
    password = secrets.token_urlsafe(9)
    await _remove(runtime)
    made = {"workspaces": [await _make_one(runtime, demo, password) for demo in DEMOS]}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(made, file, ensure_ascii=False, indent=2)
    return made


async def _make_one(runtime: Runtime, demo: Demo, password: str) -> dict[str, Any]:
    tenant = await service.create_workspace(runtime, demo.workspace)
    members = {}
    for person in demo.people:
        data = OwnerIn(name=person.name, email=person.email, role=person.role)
        members[person.email] = await service.add_member(runtime, tenant, data, password=password)
    await _organise(runtime, tenant, demo)
    await _fill(runtime, tenant)
    async with runtime.control() as control:
        text, _ = await keys.issue(
            control,
            keys.KeyIn(
                tenant_id=tenant.id,
                member_id=members[demo.people[0].email],
                name="Demo",
                scopes=scopes.checked(runtime.registry, ["all:read", "all:write"]),
            ),
        )
    url = f"{runtime.settings.public_url}/w/{tenant.slug}/"
    logins = [
        {"email": p.email, "password": password, "role": p.role, "name": p.name}
        for p in demo.people
        if p.shown
    ]
    return {"name": tenant.name, "slug": tenant.slug, "url": url, "logins": logins, "api_key": text}


async def _organise(runtime: Runtime, tenant: Tenant, demo: Demo) -> None:
    """Give everybody a unit and a title."""
    async with runtime.open(tenant) as ctx:
        names = dict.fromkeys(person.unit for person in demo.people if person.unit)
        units = {name: (await create_unit(ctx, UnitIn(name=name))).id for name in names}
        members = {member.email: member for member in await ctx.session.scalars(select(Member))}
        for person in demo.people:
            patch = MemberPatch(title=person.title, unit_id=units.get(person.unit))
            await people.update_member(ctx, members[person.email], patch)


async def _fill(runtime: Runtime, tenant: Tenant) -> None:
    """Let every module that is on add its rows; its dice are its own, so that modules do not disturb each other."""
    tenant = await _switch_on(runtime, tenant)
    for module in runtime.registry.ordered():
        fill = getattr(module.source, "crm_demo", None)
        if fill is None or not runtime.registry.is_on(module.key, tenant.plugins):
            continue
        past = runtime.with_clock(FrozenClock(datetime.now(UTC)))
        async with past.open(tenant) as ctx:
            await fill(ctx, random.Random(f"{tenant.slug}:{module.key}"))  # noqa: S311 (nothing secret)


async def _switch_on(runtime: Runtime, tenant: Tenant) -> Tenant:
    """Give a demo workspace the modules of this repository that have something to show."""
    for module in runtime.registry.ordered():
        if module.builtin and module.manifest.kind == "optional" and hasattr(module.source, "crm_demo"):
            async with runtime.control() as control:
                await marketplace.enable(control, tenant, module.key)
    await worker.drain(runtime)
    runtime.directory.forget(tenant.id)
    return await runtime.tenant(tenant.id)


async def _remove(runtime: Runtime) -> None:
    """Remove the demo workspaces and accounts of an earlier run."""
    for demo in DEMOS:
        tenant = await runtime.directory.by_slug(demo.workspace.slug)
        emails = [person.email for person in demo.people]
        async with runtime.control() as control:
            await control.session.execute(delete(Account).where(Account.email.in_(emails)))
            if tenant is not None:
                await control.session.execute(delete(Membership).where(Membership.tenant_id == tenant.id))
        if tenant is not None:
            drop(runtime.databases.settings, tenant)
            runtime.directory.forget(tenant.id)
