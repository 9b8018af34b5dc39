"""The composer, the timeline in fragments, and the page of one activity."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response

from core.activities import service, shown, timeline
from core.activities.models import Activity
from core.activities.records import ACTIVITY
from core.activities.schema import ActivityIn, LogForm
from core.ext.specs import RecordType
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_, format_date
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.bodies import read_form
from core.web.pages import redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


class ActivityPages(Controller):
    """One activity, and what the timeline does with it."""

    path = "/activities"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="activities.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show an activity."""
        activity = await lists.get(ctx, ACTIVITY, record_id, deleted=True)
        return await record_page(ctx, request, ACTIVITY, activity, template="activities/show.html")

    @post("/log/{record_type:str}/{record_id:uuid}", permission="activities.create")
    async def log(self, ctx: Ctx, request: Any_, record_type: str, record_id: UUID) -> Response[Any]:
        """Log what the composer of a record's timeline says; answer the new entry of the timeline."""
        type_ = shown.with_timeline(ctx, record_type)
        record = await lists.get(ctx, type_, record_id)
        try:
            form = await read_form(request, LogForm, region=ctx.tenant.country)
            next_on = _next_follow_up(ctx, form)
            activity = await service.log(ctx, _logged(form, record_type, record_id, next_on))
        except AppError as error:
            ctx.roll_back()
            said = " ".join(ctx.t(item.message, **item.params) for item in error.errors)
            composer = shown.composer(ctx, type_, record)
            template, error_text = "activities/composer.html", said or ctx.t(error.title)
            return render(ctx, request, template, status=error.status, error=error_text, composer=composer)
        text = ctx.t(N_("Logged."))
        if next_on:
            text = ctx.t(N_("Logged. Next follow-up: {day}"), day=format_date(next_on, ctx.locale))
        if "hx-request" not in request.headers:
            return toast(redirect(request, place(ctx, type_, f"/{record_id}")), text)
        entry = shown.fresh(ctx, type_, activity)
        return toast(render(ctx, request, "activities/entry.html", entry=entry), text)

    @post("/{record_id:uuid}/remove/{back_type:str}/{back_id:uuid}", permission="activities.delete")
    async def remove(
        self, ctx: Ctx, request: Any_, record_id: UUID, back_type: str, back_id: UUID
    ) -> Response[Any]:
        """Take an activity off the timeline, with a way back."""
        activity: Activity = await lists.get(ctx, ACTIVITY, record_id, action="delete")
        await service.delete(ctx, activity)
        undo = ctx.w(f"/activities/{record_id}/put-back/{back_type}/{back_id}")
        answer = Response("", media_type="text/html")
        return toast(answer, ctx.t(N_("The follow-up is deleted.")), undo_url=undo)

    @post("/{record_id:uuid}/put-back/{back_type:str}/{back_id:uuid}", permission="activities.delete")
    async def put_back(
        self, ctx: Ctx, request: Any_, record_id: UUID, back_type: str, back_id: UUID
    ) -> Response[Any]:
        """Undo the removal, and show the record again."""
        activity: Activity = await lists.get(ctx, ACTIVITY, record_id, action="delete", deleted=True)
        if activity.deleted_at is not None:
            await service.restore(ctx, activity)
        return redirect(request, place(ctx, shown.with_timeline(ctx, back_type), f"/{back_id}"))


class TimelinePages(Controller):
    """A record's timeline, in fragments for its panel and as a page of its own."""

    path = "/timeline"
    include_in_schema = False

    @get("/{record_type:str}/{record_id:uuid}", permission="activities.view")
    async def show(
        self, ctx: Ctx, request: Any_, record_type: str, record_id: UUID, after: str = "", only: str = ""
    ) -> Response[Any]:
        """Show some of a timeline: the list that a filter replaces, or what follows its end."""
        type_ = ctx.machinery.registry.records.get(record_type)
        if type_ is None:
            raise NotFound
        record = await lists.get(ctx, type_, record_id, deleted=True)
        page = await timeline.read(ctx, type_, record_id, after=after, only=only)
        template = "activities/timeline_page.html"
        if "hx-request" in request.headers:
            template = "activities/timeline_more.html" if after else "activities/timeline_list.html"
        values = shown.timeline_values(ctx, type_, record, page, only=only)
        return render(ctx, request, template, type=type_, record=record, **values)


def _logged(form: LogForm, record_type: str, record_id: UUID, next_on: date | None) -> ActivityIn:
    data = ActivityIn(kind=form.kind, body=form.text, outcome=form.said(), next_follow_up_on=next_on)
    return msgspec.structs.replace(data, **{f"{record_type}_id": record_id})


def _next_follow_up(ctx: Ctx, form: LogForm) -> date | None:
    if form.follow_up_on:
        return form.follow_up_on
    return ctx.today() + timedelta(days=form.follow_up) if form.follow_up else None


async def timeline_panel(ctx: Ctx, record: Any) -> tuple[str, dict[str, Any]]:
    """Render the composer and the newest entries of a record's timeline."""
    type_: RecordType = ctx.machinery.registry.records[type(record).__tablename__]
    page = await timeline.read(ctx, type_, record.id)
    values = shown.timeline_values(ctx, type_, record, page)
    return "activities/panel.html", {**values, "composer": shown.composer(ctx, type_, record)}
