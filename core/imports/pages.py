"""The pages of imports: the wizard from the file to the result, and the list of what was imported."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.imports import queries, service, shown
from core.imports.errors_file import error_file, known, reasons
from core.imports.fields import matches
from core.imports.models import ImportRun
from core.imports.schema import ImportPatch
from core.imports.uploads import content_of
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
SHOWN = 10
ACTIONS = {
    "cancel": (service.cancel, N_("The job stops before its next rows.")),
    "resume": (service.resume, N_("The import goes on.")),
    "revert": (service.revert, N_("The import is being reverted.")),
}


class ImportPages(Controller):
    """The wizard."""

    path = "/imports"
    include_in_schema = False

    @get("/", permission="imports.view")
    async def index(self, ctx: Ctx, request: Any_, before: UUID | None = None) -> Response[Any]:
        """List the imports."""
        runs = await queries.newest(ctx, before=before)
        rows = [(run, ctx.machinery.registry.records.get(run.record_type)) for run in runs]
        more = ctx.w(f"/imports?before={runs[-1].id}") if len(runs) == queries.PAGE else ""
        return render(ctx, request, "imports/index.html", rows=rows, states=shown.STATES, more=more)

    @get("/new", permission="imports.run")
    async def new(self, ctx: Ctx, request: Any_, type: str = "") -> Response[Any]:
        """Choose what to import, and a file or some rows."""
        return self._new(ctx, request, {"record_type": type})

    @post("/", permission="imports.run")
    async def create(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Take the file and go on to its columns."""
        sent = await form_values(request)
        try:
            content, name = await content_of(sent.get("file"), str(sent.get("text", "")))
            run = await service.create(ctx, str(sent.get("record_type", "")), content, name=name)
        except AppError as error:
            ctx.roll_back()
            return self._new(ctx, request, sent, error)
        return redirect(request, ctx.w(f"/imports/{run.id}"))

    def _new(
        self, ctx: Ctx, request: Any_, sent: dict[str, Any], error: AppError | None = None
    ) -> Response[Any]:
        types = queries.types(ctx)
        if not types:
            raise NotFound
        chosen = str(sent.get("record_type") or types[0].key)
        cards = [{"value": one.key, "title": one.title_plural, "icon": one.icon} for one in types]
        return render(
            ctx,
            request,
            "imports/new.html",
            status=error.status if error else 200,
            cards=cards,
            chosen=chosen,
            text=sent.get("text", ""),
            error=error,
            errors=error.errors if error else (),
            steps=shown.steps(ctx, None, ""),
        )

    @get("/{import_id:uuid}", permission="imports.view")
    async def show(self, ctx: Ctx, request: Any_, import_id: UUID, step: str = "") -> Response[Any]:
        """Show the wizard's present step."""
        run = await queries.get(ctx, import_id)
        job = await queries.job(ctx, run)
        state = shown.state_of(run, job)
        if state == "mapping" or (step == "mapping" and state == "checked"):
            return await self._mapping(ctx, request, run)
        type_ = queries.type_of(ctx, run)
        left = await queries.left(ctx, run.id) if state == "reverted" and run.kept else ()
        return render(
            ctx,
            request,
            "imports/show.html",
            run=run,
            type=type_,
            state=state,
            states=shown.STATES,
            job=job,
            progress=shown.progress(ctx, run, job, state),
            is_busy=state in shown.BUSY,
            refused=await self._refused(ctx, run) if run.failed else (),
            list_url=shown.list_url(ctx, type_, run.stamp),
            left=[(place(ctx, type_, f"/{row.record_id}"), row) for row in left],
            why=shown.LEFT,
            steps=shown.steps(ctx, run, state),
        )

    @get("/{import_id:uuid}/progress", permission="imports.view")
    async def progress(self, ctx: Ctx, request: Any_, import_id: UUID) -> Response[Any]:
        """Show how far the job is; leads to the page once it is over."""
        run = await queries.get(ctx, import_id)
        job = await queries.job(ctx, run)
        state = shown.state_of(run, job)
        if state not in shown.BUSY:
            return redirect(request, ctx.w(f"/imports/{run.id}"))
        return render(
            ctx, request, "imports/progress.html", run=run, progress=shown.progress(ctx, run, job, state)
        )

    async def _refused(self, ctx: Ctx, run: ImportRun) -> list[tuple[int, list[str], str]]:
        names = known(ctx, run)
        rows = await queries.errors(ctx, run.id, limit=SHOWN)
        return [(number, cells, reasons(ctx, errors, names)) for number, cells, errors in rows]

    async def _mapping(
        self, ctx: Ctx, request: Any_, run: ImportRun, error: AppError | None = None
    ) -> Response[Any]:
        type_ = queries.type_of(ctx, run)
        lines = await queries.preview(ctx, run)
        return render(
            ctx,
            request,
            "imports/mapping.html",
            status=error.status if error else 200,
            run=run,
            type=type_,
            columns=shown.columns(ctx, run, lines),
            offers=shown.offers(ctx, type_),
            lines=lines,
            rules=shown.RULES,
            matches=[(name, shown.KEYS[name]) for name in matches(type_)],
            linked=shown.linked(ctx, type_),
            missing=service.missing(type_, run),
            error=error,
            errors=error.errors if error else (),
            steps=shown.steps(ctx, run, "mapping"),
        )

    @post("/{import_id:uuid}/mapping", permission="imports.run")
    async def save(self, ctx: Ctx, request: Any_, import_id: UUID) -> Response[Any]:
        """Keep what was chosen and check the file, or run it at once."""
        run = await queries.get(ctx, import_id)
        sent = await form_values(request)
        go = str(sent.pop("go", "check"))
        chosen = [str(sent.pop(f"column.{at}", "")) for at in range(len(run.columns))]
        match = sent.get("match", [])
        values = {
            "rule": sent.get("rule", run.rule),
            "match": match if isinstance(match, list) else [match],
            "create_missing": sent.get("create_missing", "false"),
        }
        if go == "header":
            values = {"has_header": "false" if run.has_header else "true"}
        try:
            patch = convert(ImportPatch, values, text=True)
            if go != "header":
                patch.mapping = chosen
            await service.change(ctx, run, patch)
            if go in {"check", "run"}:
                await service.start(ctx, run, dry_run=go == "check")
        except AppError as error:
            ctx.roll_back()
            run.mapping = chosen
            return await self._mapping(ctx, request, run, error)
        return redirect(request, ctx.w(f"/imports/{run.id}"))

    @post("/{import_id:uuid}/run", permission="imports.run")
    async def run(self, ctx: Ctx, request: Any_, import_id: UUID) -> Response[Any]:
        """Import what was checked."""
        run = await service.start(ctx, await queries.get(ctx, import_id), dry_run=False)
        return redirect(request, ctx.w(f"/imports/{run.id}"))

    @post("/{import_id:uuid}/{action:str}", permission="imports.run")
    async def act(self, ctx: Ctx, request: Any_, import_id: UUID, action: str) -> Response[Any]:
        """Cancel, go on, or revert."""
        if action not in ACTIONS:
            raise NotFound
        verb, text = ACTIONS[action]
        run = await verb(ctx, await queries.get(ctx, import_id))
        return toast(redirect(request, ctx.w(f"/imports/{run.id}")), ctx.t(text))

    @get("/{import_id:uuid}/errors.csv", permission="imports.view")
    async def errors(self, ctx: Ctx, import_id: UUID) -> Response[bytes]:
        """Give the refused rows as a file."""
        return await error_file(ctx, await queries.get(ctx, import_id))
