"""The record types of settings: pipelines, stages, close reasons, exchange rates. They have an API, no pages."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import case, func, select

from core.ext.specs import Choice, Column, RecordType, Verbs
from core.kernel.i18n import N_
from core.pipeline import schema, service
from core.pipeline import service_settings as settings
from core.pipeline.models import CloseReason, CurrencyRate, Pipeline, Stage

OUTCOMES = (Choice("won", N_("Won"), "success"), Choice("lost", N_("Lost"), "danger"))


_OTHERS = (
    select(func.count()).select_from(Pipeline.__table__).where(Pipeline.__table__.c.deleted_at.is_(None))
)
_OWN = (
    select(Pipeline.__table__.c.name)
    .where(Pipeline.__table__.c.id == Stage.pipeline_id)
    .correlate(Stage)
    .scalar_subquery()
)
OPTION = case((_OTHERS.scalar_subquery() > 1, _OWN.concat(" · ").concat(Stage.name)), else_=Stage.name)
"""A stage by its name, with its pipeline's before it where there are several."""


def shown_as(struct: type[msgspec.Struct]) -> Any:
    """Make the function that shows a row as a struct."""

    def to_out(row: Any) -> Any:
        return msgspec.convert(row, struct, from_attributes=True)

    return to_out


PIPELINE = RecordType(
    key="pipeline",
    path="pipelines",
    title=N_("Sales pipeline"),
    title_plural=N_("Pipelines"),
    icon="square-kanban",
    model=Pipeline,
    create=schema.PipelineIn,
    patch=schema.PipelinePatch,
    out=schema.PipelineOut,
    to_out=shown_as(schema.PipelineOut),
    verbs=Verbs(
        create=service.create_pipeline,
        update=service.update_pipeline,
        delete=service.delete_pipeline,
        restore=service.restore_pipeline,
    ),
    permission="pipelines",
    label=Pipeline.name,
    columns=(
        Column("name", N_("Name"), Pipeline.name),
        Column("position", N_("Sort position"), Pipeline.position, kind="number"),
        Column("is_default", N_("Default pipeline"), Pipeline.is_default, kind="bool"),
    ),
    natural_order="position",
    importable=False,
    pages=False,
)
STAGE = RecordType(
    key="stage",
    path="stages",
    title=N_("Stage"),
    title_plural=N_("Stages"),
    icon="route",
    model=Stage,
    create=schema.StageIn,
    patch=schema.StagePatch,
    out=schema.StageOut,
    to_out=shown_as(schema.StageOut),
    verbs=Verbs(
        create=service.create_stage,
        update=service.update_stage,
        delete=service.delete_stage,
        restore=service.restore_stage,
    ),
    permission="pipelines",
    label=Stage.name,
    option=OPTION,
    columns=(
        Column("name", N_("Name"), Stage.name),
        Column("pipeline_id", N_("Sales pipeline"), Stage.pipeline_id, kind="ref", ref="pipeline"),
        Column("position", N_("Sort position"), Stage.position, kind="number"),
        Column("probability", N_("Probability"), Stage.probability, kind="percent"),
        Column("rotting_days", N_("Days until a deal is stale"), Stage.rotting_days, kind="number"),
    ),
    natural_order="pipeline_id,position",
    importable=False,
    pages=False,
)
CLOSE_REASON = RecordType(
    key="close_reason",
    path="close-reasons",
    title=N_("Close reason"),
    title_plural=N_("Close reasons"),
    icon="flag",
    model=CloseReason,
    create=schema.CloseReasonIn,
    patch=schema.CloseReasonPatch,
    out=schema.CloseReasonOut,
    to_out=shown_as(schema.CloseReasonOut),
    verbs=Verbs(
        create=settings.create_reason,
        update=settings.update_reason,
        delete=settings.delete_reason,
        restore=settings.restore_reason,
    ),
    permission="pipelines",
    label=CloseReason.name,
    columns=(
        Column("name", N_("Name"), CloseReason.name),
        Column("outcome", N_("Outcome"), CloseReason.outcome, kind="choice", choices=OUTCOMES),
        Column("position", N_("Sort position"), CloseReason.position, kind="number"),
    ),
    natural_order="outcome,position",
    importable=False,
    pages=False,
)
CURRENCY_RATE = RecordType(
    key="currency_rate",
    path="currency-rates",
    title=N_("Exchange rate"),
    title_plural=N_("Exchange rates"),
    icon="hand-coins",
    model=CurrencyRate,
    create=schema.CurrencyRateIn,
    patch=schema.CurrencyRatePatch,
    out=schema.CurrencyRateOut,
    to_out=shown_as(schema.CurrencyRateOut),
    verbs=Verbs(
        create=settings.create_rate,
        update=settings.update_rate,
        delete=settings.delete_rate,
        restore=settings.restore_rate,
    ),
    permission="pipelines",
    label=CurrencyRate.currency,
    columns=(
        Column("currency", N_("Currency"), CurrencyRate.currency),
        Column("valid_on", N_("Valid from"), CurrencyRate.valid_on, kind="date"),
        Column("rate", N_("Rate"), CurrencyRate.rate, kind="number"),
    ),
    natural_order="-valid_on",
    importable=False,
    pages=False,
)
