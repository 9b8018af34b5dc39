"""What the answers to the three questions do: they are kept, and the workspace is fitted to them while it is new."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from core.access.models import Unit
from core.access.schema import UnitIn
from core.access.units import create_unit
from core.pipeline import service as pipelines
from core.pipeline.models import Deal, Pipeline, Stage
from core.pipeline.schema import StagePatch
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from tenants.marketplace import service as marketplace
from tenants.signup.models import Signup
from tenants.signup.presets import preset_of
from tenants.signup.schema import AnswersIn


async def of(control: Control, tenant_id: UUID) -> dict[str, str]:
    """What was answered for a workspace."""
    found = await control.session.scalar(select(Signup).where(Signup.tenant_id == tenant_id))
    if found is None:
        return {}
    return {"trade": found.trade or "", "size": found.size or "", "first": found.first or ""}


async def keep(control: Control, tenant: Tenant, data: AnswersIn) -> None:
    """Keep the answers."""
    given = {"trade": data.trade or None, "size": data.size or None, "first": data.first or None}
    await control.session.execute(update(Signup).where(Signup.tenant_id == tenant.id).values(**given))


async def fit(ctx: Ctx, data: AnswersIn) -> None:
    """Name the first pipeline's stages by the trade and add departments, as long as there is nothing in either."""
    preset = preset_of(data)
    if preset.stages and await ctx.session.scalar(select(Deal.id).limit(1)) is None:
        await _name_stages(ctx, preset.stages)
    if preset.units and await ctx.session.scalar(select(Unit.id).limit(1)) is None:
        for name in preset.units:
            await create_unit(ctx, UnitIn(name=ctx.t(name)))


async def switch_on(control: Control, tenant: Tenant, data: AnswersIn) -> str:
    """Switch on the free modules of a preset; gives the key of the first that costs something, or ""."""
    modules = control.machinery.registry.modules
    found = [modules[key].manifest for key in preset_of(data).modules if key in modules]
    wanted = [manifest for manifest in found if manifest.key not in tenant.plugins]
    for manifest in wanted:
        if manifest.price is None:
            await marketplace.enable(control, tenant, manifest.key)
    return next((manifest.key for manifest in wanted if manifest.price is not None), "")


async def _name_stages(ctx: Ctx, names: tuple[str, ...]) -> None:
    first = select(Pipeline.id).where(Pipeline.is_default).scalar_subquery()
    found = await ctx.session.scalars(
        select(Stage).where(Stage.pipeline_id == first).order_by(Stage.position, Stage.id)
    )
    for stage, name in zip(found.all(), names, strict=False):
        await pipelines.update_stage(ctx, stage, StagePatch(name=ctx.t(name)))
