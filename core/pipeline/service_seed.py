"""What a new workspace begins with: one pipeline and the usual reasons, in its own language."""

from __future__ import annotations

from sqlalchemy import select

from core.kernel.i18n import N_
from core.pipeline.events import PipelineCreated
from core.pipeline.models import CloseReason, Pipeline, Stage
from core.tenancy.ctx import Ctx

PIPELINE = N_("Sales")
STAGES = (
    (N_("First contact"), 10, 14),
    (N_("Needs understood"), 25, 21),
    (N_("Proposal sent"), 50, 14),
    (N_("Negotiation"), 75, 14),
    (N_("Awaiting signature"), 90, 10),
)
"""Name, probability in percent, days until a deal is stale."""
REASONS = (
    ("won", N_("Best fit for the needs")),
    ("won", N_("Good price")),
    ("won", N_("Trusted relationship")),
    ("won", N_("Fast delivery")),
    ("lost", N_("Price too high")),
    ("lost", N_("Chose a competitor")),
    ("lost", N_("No budget")),
    ("lost", N_("No decision")),
    ("lost", N_("Does not fit the needs")),
    ("lost", N_("No answer any more")),
)


async def seed(ctx: Ctx) -> None:
    """Give the workspace its first pipeline and close reasons, unless it ever had any."""
    known = select(Pipeline.id).limit(1)
    if await ctx.session.scalar(known, execution_options={"include_deleted": True}) is not None:
        return
    pipeline = Pipeline(name=ctx.t(PIPELINE), is_default=True)
    ctx.session.add(pipeline)
    await ctx.session.flush()
    for position, (name, probability, rotting_days) in enumerate(STAGES):
        stage = Stage(
            pipeline_id=pipeline.id,
            name=ctx.t(name),
            position=position,
            probability=probability,
            rotting_days=rotting_days,
        )
        ctx.session.add(stage)
    for position, (outcome, name) in enumerate(REASONS):
        ctx.session.add(CloseReason(outcome=outcome, name=ctx.t(name), position=position))
    await ctx.session.flush()
    ctx.emit(PipelineCreated(subject_id=pipeline.id, label=pipeline.name))
