"""The pages of requests about people's data: all of them, one, and the tab of a record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.kernel.errors import AppError, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.privacy import downloads, people, queries, service
from core.privacy.models import DataRequest
from core.privacy.schema import DataRequestIn, RecordRef
from core.privacy.service import MANAGE
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
HERE = "/settings/personal-data"
KINDS = (
    ("export", N_("Export"), "info"),
    ("restrict", N_("Restriction"), "warn"),
    ("erase", N_("Erasure"), "bad"),
)
STATES = (
    ("running", N_("Running"), "info"),
    ("done", N_("Done"), "good"),
    ("lifted", N_("Lifted"), "neutral"),
)
ACTIVE = frozenset({"waiting", "running"})


class DataRequestPages(Controller):
    """Requests, among the settings."""

    path = HERE
    include_in_schema = False

    @get("/", permission=MANAGE)
    async def index(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """List requests."""
        found = [(one, _address(ctx, one)) for one in await queries.newest(ctx)]
        return render(ctx, request, "privacy/index.html", requests=found, kinds=KINDS, states=STATES)

    @post("/", permission=MANAGE)
    async def create(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Take a request up from the tab of a record."""
        sent = await form_values(request)
        also = sent.pop("also", [])
        try:
            data = convert(DataRequestIn, sent, text=True)
            data.also = [_ref(one) for one in ([also] if isinstance(also, str) else also)]
            made = await service.create(ctx, data)
        except AppError as error:
            back, values = await _again(ctx, sent)
            return form_again(ctx, request, "privacy/form.html", error, **values, back=back)
        if data.kind == "restrict":
            return toast(redirect(request, _address(ctx, made)), ctx.t(N_("The data are restricted now.")))
        return redirect(request, ctx.w(f"{HERE}/{made.id}"))

    @get("/{request_id:uuid}", permission=MANAGE)
    async def show(self, ctx: Ctx, request: Any_, request_id: UUID) -> Response[Any]:
        """Show how far a request is, and its file."""
        return render(ctx, request, "privacy/show.html", **await _values(ctx, request_id))

    @get("/{request_id:uuid}/progress", permission=MANAGE)
    async def progress(self, ctx: Ctx, request: Any_, request_id: UUID) -> Response[Any]:
        """Show how far a request is; leads to its page once it is over."""
        values = await _values(ctx, request_id)
        if values["progress"] is None:
            return redirect(request, values["here"])
        return render(ctx, request, "privacy/progress.html", **values)

    @get("/{request_id:uuid}/file", permission=MANAGE)
    async def file(self, ctx: Ctx, request_id: UUID) -> Stream:
        """Fetch the exported data."""
        return await downloads.file_of(ctx, await queries.get(ctx, request_id))

    @post("/{request_id:uuid}/lift", permission=MANAGE)
    async def lift(self, ctx: Ctx, request: Any_, request_id: UUID) -> Response[Any]:
        """Let a restricted person's data be used again."""
        found = await service.lift(ctx, await queries.get(ctx, request_id))
        return toast(redirect(request, _address(ctx, found)), ctx.t(N_("The restriction is lifted.")))


async def _values(ctx: Ctx, request_id: UUID) -> dict[str, Any]:
    found = await queries.get(ctx, request_id)
    job = await queries.job(ctx, found)
    titles = {item.key: ctx.t(item.title) for item in await people.holders(ctx)}
    is_active = found.state == "running" and job is not None and job.state in ACTIVE
    return {
        "one": found,
        "kinds": KINDS,
        "states": STATES,
        "title": ctx.t(service.TITLES[found.kind]),
        "record_url": _address(ctx, found) if found.label else "",
        "counts": [(titles.get(key, key), rows) for key, rows in found.counts.items()],
        "has_failed": found.state == "running" and not is_active,
        "job_url": ctx.w(f"/jobs/{job.id}") if job is not None else "",
        "progress": _progress(job) if is_active else None,
        "here": ctx.w(f"{HERE}/{found.id}"),
    }


async def _again(ctx: Ctx, sent: dict[str, Any]) -> tuple[tuple[str, str], dict[str, Any]]:
    """What the refused form is shown with: everything that the tab of its record has, and the way back there."""
    ref = convert(RecordRef, {name: sent.get(name, "") for name in RecordRef.__struct_fields__}, text=True)
    if ref.record_type not in people.MODELS:
        raise NotFound
    record = await service.find(ctx, ref.record_type, ref.record_id)
    _, values = await tab(ctx, record)
    del values["errors"]
    address = place(ctx, ctx.machinery.registry.records[ref.record_type], f"/{ref.record_id}")
    return (record.name, f"{address}?tab=personal-data"), values


def _progress(job: Any) -> dict[str, Any]:
    shown = {name: getattr(job, name) for name in ("title", "done", "total", "failed")}
    return {
        **shown,
        "state": "queued" if job.state == "waiting" else job.state,
        "eta": "",
        "url": "",
        "cancel_url": "",
    }


def _address(ctx: Ctx, found: DataRequest) -> str:
    return place(ctx, ctx.machinery.registry.records[found.record_type], f"/{found.record_id}")


def _ref(value: str) -> RecordRef:
    kind, _, record_id = value.partition(":")
    try:
        return RecordRef(kind, UUID(record_id))
    except ValueError:
        raise Invalid.field("also", "unknown", N_("There is no such record.")) from None


async def tab(ctx: Ctx, record: Any) -> tuple[str, dict[str, Any]]:
    """What there is about the person of a record, and what can be done with it."""
    kind = type(record).__tablename__
    if getattr(record, "kind", "person") == "company":
        return "privacy/tab.html", {"preview": None, "errors": ()}
    own = await queries.of_record(ctx, kind, record.id)
    in_force = await queries.in_force(ctx, kind, record.id)
    preview = await service.preview(ctx, kind, record.id)
    return "privacy/tab.html", {
        "preview": preview,
        "candidates": [
            (f"{one.record_type}:{one.record_id}", one.label, _title(ctx, one.record_type))
            for one in preview.candidates
        ],
        "kind": kind,
        "record_id": record.id,
        "requests": [(one, ctx.w(f"{HERE}/{one.id}")) for one in own],
        "in_force": ctx.w(f"{HERE}/{in_force.id}/lift") if in_force is not None else "",
        "kinds": KINDS,
        "states": STATES,
        "action": ctx.w(HERE),
        "errors": (),
    }


def _title(ctx: Ctx, record_type: str) -> str:
    return ctx.t(ctx.machinery.registry.records[record_type].title)
