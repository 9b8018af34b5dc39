"""What becomes of modules that nobody pays for: they are switched off, and whoever may switch modules is told.

Owns the notice and the mail. Emits nothing itself. Never switches off what is paid for by the time that it looks.
"""

from __future__ import annotations

from typing import Any, Final

from core.access import queries as people
from core.access.models import Member
from core.activities.notifications.service import notify
from core.ext.specs import JobSpec
from core.kernel.i18n import N_, translator
from core.runtime import Runtime
from core.tenancy.ctx import Ctx
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.billing.schema import UnpaidIn
from tenants.billing.service import UNPAID
from tenants.marketplace import service
from tenants.marketplace.schema import CutOff

MANAGE: Final = "plugins.manage"


async def switch_off(runtime: Runtime, params: UnpaidIn) -> None:
    """Switch a module off, in a workspace that is still there."""
    tenant = await runtime.directory.by_id(params.tenant_id)
    if tenant is not None:
        async with runtime.control() as control:
            await service.cut_off(control, tenant, params.plugin)


async def tell(run: Any) -> None:
    """Tell each manager of modules within the workspace, and by one mail."""
    await run.step("notices", _notices, run.params)
    async with run.open() as ctx:
        runtime, tenant = ctx.machinery, ctx.tenant
        told = [
            (member.id, member.email, _locale(ctx, member), _letter(ctx, member, run.params))
            for member in await people.holders(ctx, MANAGE)
            if member.account_id
        ]
    for member_id, to, locale, letter in told:
        if not run.state.get(str(member_id)):
            key = f"{run.id} {member_id}"
            await letters.send(runtime, to, letter, workspace=tenant, locale=locale, key=key)
            run.state[str(member_id)] = True
            await run.step(f"sent-{member_id}", _noted)


async def _notices(ctx: Ctx, params: CutOff) -> None:
    for member in await people.holders(ctx, MANAGE):
        title = _title(ctx, member, params.plugin)
        await notify(ctx, [member.id], "module_unpaid", path=_path(params), params={"title": title})


async def _noted(_ctx: Ctx) -> None:
    """Do nothing: the step is there to remember who was written to."""


def _letter(ctx: Ctx, member: Member, params: CutOff) -> Letter:
    lines = [N_("Nobody pays for {module} in {workspace}, so it was switched off. Its data are kept.")]
    if params.needing:
        lines.append(N_("Switched off with it, as they need it: {modules}."))
    values = {
        "module": _title(ctx, member, params.plugin),
        "modules": ", ".join(_title(ctx, member, key) for key in params.needing),
        "workspace": ctx.tenant.name,
    }
    return Letter(
        subject=N_("{module} was switched off"),
        lines=lines,
        button=N_("To the module"),
        path=ctx.w(_path(params)),
        after=[N_("To have it again, choose a plan and a way to pay under Settings, Plan and usage.")],
        values=values,
    )


def _path(params: CutOff) -> str:
    return f"/marketplace/{params.plugin}"


def _locale(ctx: Ctx, member: Member) -> str:
    return member.locale or ctx.tenant.locale


def _title(ctx: Ctx, member: Member, plugin: str) -> str:
    modules = ctx.machinery.registry.modules
    return (
        translator(_locale(ctx, member)).gettext(modules[plugin].manifest.title)
        if plugin in modules
        else plugin
    )


JOBS: Final = [
    JobSpec(name=UNPAID, handler=switch_off, params=UnpaidIn, kind="control", retries=12),
    JobSpec(
        name=service.TELL,
        handler=tell,
        params=CutOff,
        title=N_("Tell that a module was switched off"),
        kind="mail",
    ),
]
