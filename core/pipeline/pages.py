"""The settings of selling: pipelines with their stages, close reasons, exchange rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Request, Response

from core.ext.specs import RecordType
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_
from core.pipeline import queries, service
from core.pipeline.models import Pipeline, Stage
from core.pipeline.records import CLOSE_REASON, CURRENCY_RATE, PIPELINE, STAGE
from core.pipeline.schema import ArchiveIn
from core.pipeline.settings_form import GATES, Parts, edited, fields_of, read
from core.tenancy.ctx import Ctx
from core.web.asking import ask
from core.web.bodies import form_values, read_form
from core.web.pages import redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
KINDS: Final[Mapping[str, RecordType]] = {
    "pipelines": PIPELINE,
    "stages": STAGE,
    "reasons": CLOSE_REASON,
    "rates": CURRENCY_RATE,
}
HOME: Final = {"pipelines": "", "stages": "", "reasons": "/reasons", "rates": "/rates"}


class PipelineSettings(Controller):
    """Shape how the company sells."""

    path = "/settings/pipelines"
    include_in_schema = False

    @get("/", permission="pipelines.edit")
    async def show(self, ctx: Ctx, request: Any_, pipeline: UUID | None = None) -> Response[Any]:
        """Show the stages of a pipeline, the default one unless asked."""
        ways = await queries.ways(ctx)
        chosen = next((way for way in ways if way[0].id == pipeline), None)
        chosen = chosen or next((way for way in ways if way[0].is_default), ways[0] if ways else None)
        archived = [one for one in await queries.pipelines(ctx, deleted=True) if one.deleted_at]
        values: dict[str, Any] = {"ways": ways, "chosen": chosen, "archived": archived, "gates": dict(GATES)}
        return render(ctx, request, "pipeline/settings.html", section="pipelines", **values)

    @get("/{kind:str}", permission="pipelines.edit")
    async def section(self, ctx: Ctx, request: Any_, kind: str) -> Response[Any]:
        """Show why deals are won and lost, or what other currencies are worth."""
        if kind == "reasons":
            found = await queries.reasons(ctx)
            return render(ctx, request, "pipeline/reasons.html", section=kind, reasons=found)
        if kind == "rates":
            rates = await queries.all_rates(ctx)
            return render(ctx, request, "pipeline/rates.html", section=kind, rates=rates)
        raise NotFound

    @get("/{kind:str}/new", permission="pipelines.create")
    async def new(self, ctx: Ctx, request: Any_, kind: str) -> Response[Any]:
        """Ask for something new."""
        return await _ask_new(ctx, request, kind, dict(request.query_params))

    @post("/{kind:str}/new", permission="pipelines.create")
    async def create(self, ctx: Ctx, request: Any_, kind: str) -> Response[Any]:
        """Add something new."""
        type_, sent = _type(kind), await form_values(request)
        try:
            record = await type_.verbs.create(ctx, read(ctx, type_.create, type_, sent))
            await ctx.session.flush()
        except AppError as error:
            return await _ask_new(ctx, request, kind, sent, error=error)
        return _done(ctx, request, kind, record)

    @get("/{kind:str}/{record_id:uuid}/edit", permission="pipelines.edit")
    async def edit(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Ask what to change."""
        record = await queries.one(ctx, _type(kind).model, record_id)
        return _ask_edit(ctx, request, kind, record, edited(ctx, _type(kind), record))

    @post("/{kind:str}/{record_id:uuid}/edit", permission="pipelines.edit")
    async def update(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Change something."""
        type_, sent = _type(kind), await form_values(request)
        record = await queries.one(ctx, type_.model, record_id)
        try:
            await type_.verbs.update(ctx, record, read(ctx, type_.patch, type_, sent, record))
            await ctx.session.flush()
        except AppError as error:
            return _ask_edit(ctx, request, kind, record, sent, error=error)
        return _done(ctx, request, kind, record)

    @post("/{kind:str}/{record_id:uuid}/shift", permission="pipelines.edit")
    async def shift(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Move a stage one place up, or down where ``by`` is 1."""
        if kind != "stages":
            raise NotFound
        stage: Stage = await queries.one(ctx, Stage, record_id)
        step = 1 if (await form_values(request)).get("by") == "1" else -1
        pipeline: Pipeline = await queries.one(ctx, Pipeline, stage.pipeline_id)
        ids = [one.id for one in await queries.stages(ctx) if one.pipeline_id == pipeline.id]
        at = ids.index(stage.id)
        ids.insert(min(max(at + step, 0), len(ids)), ids.pop(at))
        await service.order_stages(ctx, pipeline, ids)
        return redirect(request, ctx.w(f"/settings/pipelines?pipeline={pipeline.id}"))

    @get("/{kind:str}/{record_id:uuid}/archive", permission="pipelines.delete")
    async def ask_archive(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Ask where the deals go."""
        record = await queries.one(ctx, _type(kind).model, record_id)
        return await _ask_archive(ctx, request, kind, record)

    @post("/{kind:str}/{record_id:uuid}/archive", permission="pipelines.delete")
    async def archive(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Put something away."""
        type_ = _type(kind)
        record = await queries.one(ctx, type_.model, record_id)
        try:
            goal = (await read_form(request, ArchiveIn)).move_to
            if isinstance(record, Pipeline):
                await service.archive_pipeline(ctx, record, goal)
            elif isinstance(record, Stage):
                await service.archive_stage(ctx, record, goal)
            else:
                await type_.verbs.delete(ctx, record)
        except AppError as error:
            return await _ask_archive(ctx, request, kind, record, error=error)
        return toast(redirect(request, _home(ctx, kind, record)), ctx.t(N_("Archived.")))

    @post("/{kind:str}/{record_id:uuid}/restore", permission="pipelines.delete")
    async def restore(self, ctx: Ctx, request: Any_, kind: str, record_id: UUID) -> Response[Any]:
        """Use an archived pipeline again."""
        archived = await queries.pipelines(ctx, deleted=True)
        found = next((one for one in archived if one.id == record_id and one.deleted_at), None)
        if kind != "pipelines" or found is None:
            raise NotFound
        await service.restore_pipeline(ctx, found)
        return _done(ctx, request, kind, found)


def _type(kind: str) -> RecordType:
    if kind not in KINDS:
        raise NotFound
    return KINDS[kind]


def _home(ctx: Ctx, kind: str, record: Any = None) -> str:
    address = f"/settings/pipelines{HOME[kind]}"
    if isinstance(record, Stage):
        return ctx.w(f"{address}?pipeline={record.pipeline_id}")
    if isinstance(record, Pipeline) and record.deleted_at is None:
        return ctx.w(f"{address}?pipeline={record.id}")
    return ctx.w(address)


def _done(ctx: Ctx, request: Any_, kind: str, record: Any) -> Response[Any]:
    return toast(redirect(request, _home(ctx, kind, record)), ctx.t(N_("Saved.")))


async def _ask_new(
    ctx: Ctx, request: Any_, kind: str, values: Mapping[str, Any], *, error: AppError | None = None
) -> Response[Any]:
    type_ = _type(kind)
    return ask(
        ctx,
        request,
        title=ctx.t(N_("New {record}"), record=ctx.t(type_.title).lower()),
        fields=fields_of(ctx, type_.create, type_, values),
        values=values,
        action=ctx.w(f"/settings/pipelines/{kind}/new"),
        back=(ctx.t(type_.title_plural), _home(ctx, kind)),
        error=error,
    )


def _ask_edit(
    ctx: Ctx, request: Any_, kind: str, record: Any, values: Mapping[str, Any], **more: Any
) -> Response[Any]:
    type_ = _type(kind)
    return ask(
        ctx,
        request,
        title=ctx.t(N_("Change {record}"), record=ctx.t(type_.title)),
        text=getattr(record, type_.label.key),
        fields=fields_of(ctx, type_.patch, type_, values),
        values=values,
        action=ctx.w(f"/settings/pipelines/{kind}/{record.id}/edit"),
        back=(ctx.t(type_.title_plural), _home(ctx, kind, record)),
        **more,
    )


async def _ask_archive(
    ctx: Ctx, request: Any_, kind: str, record: Any, *, error: AppError | None = None
) -> Response[Any]:
    type_ = _type(kind)
    parts = Parts(pipeline=record.id if isinstance(record, Pipeline) else None, stage=record.id)
    return ask(
        ctx,
        request,
        title=ctx.t(N_("Archive {name}?"), name=getattr(record, type_.label.key)),
        fields=parts.goals(await queries.ways(ctx)) if kind in {"pipelines", "stages"} else [],
        action=ctx.w(f"/settings/pipelines/{kind}/{record.id}/archive"),
        submit=ctx.t(N_("Archive")),
        back=(ctx.t(type_.title_plural), _home(ctx, kind, record)),
        error=error,
    )
