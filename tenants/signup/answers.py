"""What the answers to the three questions do: they are kept, and the workspace is fitted to them while it is new."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from core.pipeline import service as pipelines
from core.pipeline.models import Deal, Pipeline, Stage
from core.pipeline.schema import StagePatch
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
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
    """Name the stages of the first pipeline by the trade, as long as there is no deal in it."""
    stages = preset_of(data).stages
    if not stages or await ctx.session.scalar(select(Deal.id).limit(1)) is not None:
        return
    first = select(Pipeline.id).where(Pipeline.is_default).scalar_subquery()
    found = await ctx.session.scalars(
        select(Stage).where(Stage.pipeline_id == first).order_by(Stage.position, Stage.id)
    )
    for stage, name in zip(found.all(), stages, strict=False):
        await pipelines.update_stage(ctx, stage, StagePatch(name=ctx.t(name)))
