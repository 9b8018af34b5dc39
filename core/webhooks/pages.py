"""The pages of webhooks: list, form, one with its log, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.params import QueryParameter

from core.access.models import Member
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post
from core.webhooks import choosing, conditions, entering, queries, service, service_deliveries, shown
from core.webhooks.models import Endpoint
from core.webhooks.schema import ResendForm, ResendIn, ResumeIn, RotateIn, TryIn

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "webhooks.view", "webhooks.manage"
PAGE, FORM, SHOWN = "webhooks/show.html", "webhooks/form.html", "webhooks/shown.html"
State = Annotated[str, QueryParameter(name="state")]


class WebhookPages(Controller):
    """Webhooks for people."""

    path = "/settings/webhooks"
    include_in_schema = False

    @get("/", permission=VIEW)
    async def index(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """List all webhooks."""
        found = await queries.endpoints(ctx)
        return render(ctx, request, "webhooks/index.html", endpoints=found, reasons=shown.REASONS)

    @get("/new", permission=MANAGE)
    async def new(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the form of a new webhook."""
        return render(ctx, request, FORM, **entering.form(ctx), values={"events": ["*"]}, errors=())

    @post("/new", permission=MANAGE, opt={"secret": True})
    async def create(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Make a webhook; its secret is shown this once."""
        sent = await form_values(request)
        try:
            secret, endpoint = await service.create(ctx, entering.endpoint_in(ctx, sent))
        except AppError as error:
            return form_again(ctx, request, FORM, error, **entering.form(ctx), values=entering.again(sent))
        return render(ctx, request, SHOWN, item=endpoint, secret=secret, old_until=None)

    @get("/{webhook_id:uuid}", permission=VIEW)
    async def show(
        self, ctx: Ctx, request: Any_, webhook_id: UUID, only: State = "", after: UUID | None = None
    ) -> Response[Any]:
        """Show a webhook and its log."""
        endpoint = await queries.endpoint(ctx, webhook_id)
        return render(ctx, request, PAGE, **await _page(ctx, endpoint, only, after), errors=())

    @get("/{webhook_id:uuid}/edit", permission=MANAGE)
    async def edit(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Show the form of a webhook."""
        endpoint = await queries.endpoint(ctx, webhook_id)
        service.require_own(ctx, endpoint)
        values = {
            "url": endpoint.url,
            "description": endpoint.description,
            "events": endpoint.events,
            "conditions": conditions.write(endpoint.conditions),
        }
        return render(ctx, request, FORM, **entering.form(ctx, endpoint), values=values, errors=())

    @post("/{webhook_id:uuid}/edit", permission=MANAGE)
    async def change(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Change a webhook."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        sent = await form_values(request)
        try:
            await service.change(ctx, endpoint, entering.endpoint_patch(ctx, sent))
        except AppError as error:
            form = entering.form(ctx, endpoint)
            return form_again(ctx, request, FORM, error, **form, values=entering.again(sent))
        return _back(ctx, request, webhook_id, ctx.t(N_("The webhook is saved.")))

    @post("/{webhook_id:uuid}/delete", permission=MANAGE, unpaid=True)
    async def delete(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Delete a webhook with its log."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        try:
            await service.delete(ctx, endpoint)
        except AppError as error:
            return form_again(ctx, request, PAGE, error, **await _page(ctx, endpoint))
        said = ctx.t(N_("The webhook is deleted."))
        return toast(redirect(request, ctx.w("/settings/webhooks")), said)

    @post("/{webhook_id:uuid}/rotate", permission=MANAGE, opt={"secret": True})
    async def rotate(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Replace the secret; the new one is shown this once."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        try:
            secret = await service.rotate(ctx, endpoint, await read_form(request, RotateIn))
        except AppError as error:
            return form_again(ctx, request, PAGE, error, **await _page(ctx, endpoint))
        old_until = endpoint.old_secret_until
        return render(ctx, request, SHOWN, item=endpoint, secret=secret, old_until=old_until)

    @post("/{webhook_id:uuid}/pause", permission=MANAGE, unpaid=True)
    async def pause(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Hold everything back."""
        await service.pause(ctx, await queries.endpoint(ctx, webhook_id, lock=True))
        days = ctx.machinery.settings.webhook_log_days
        said = ctx.t(N_("The webhook is paused. What happens now is held back for {days} days."), days=days)
        return _back(ctx, request, webhook_id, said)

    @post("/{webhook_id:uuid}/resume", permission=MANAGE)
    async def resume(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Go on, with what was held back or without it."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        try:
            await service.resume(ctx, endpoint, await read_form(request, ResumeIn))
        except AppError as error:
            return form_again(ctx, request, PAGE, error, **await _page(ctx, endpoint))
        return _back(ctx, request, webhook_id, ctx.t(N_("The webhook is told again.")))

    @post("/{webhook_id:uuid}/test", permission=MANAGE)
    async def test(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Send made-up events."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        try:
            made = await service_deliveries.try_out(ctx, endpoint, await read_form(request, TryIn))
        except AppError as error:
            return form_again(ctx, request, PAGE, error, **await _page(ctx, endpoint))
        said = ctx.t(N_("Test events are on their way: {count}"), count=len(made))
        return _back(ctx, request, webhook_id, said)

    @post("/{webhook_id:uuid}/resend", permission=MANAGE)
    async def resend(self, ctx: Ctx, request: Any_, webhook_id: UUID) -> Response[Any]:
        """Send what was made on some days again."""
        endpoint = await queries.endpoint(ctx, webhook_id)
        try:
            form = await read_form(request, ResendForm)
            until = _begin(ctx, form.until + timedelta(days=1)) if form.until else None
            wanted = ResendIn(since=_begin(ctx, form.since), until=until, which=form.which)
            await service_deliveries.resend_some(ctx, endpoint, wanted)
        except AppError as error:
            sent = await form_values(request)
            return form_again(ctx, request, PAGE, error, **await _page(ctx, endpoint), sent=sent)
        return _back(ctx, request, webhook_id, ctx.t(N_("They are being sent again.")))


async def _page(ctx: Ctx, endpoint: Endpoint, state: str = "", after: UUID | None = None) -> dict[str, Any]:
    found = await queries.deliveries(ctx, endpoint_id=endpoint.id, state=state[:20], after=after)
    here = ctx.w(f"/settings/webhooks/{endpoint.id}")
    question = f"state={state[:20]}&" if state else ""
    offered = choosing.offered(ctx)
    return {
        "item": endpoint,
        "is_kept": service.is_kept(ctx, endpoint),
        "here": here,
        "deliveries": found,
        "state": state,
        "states": shown.STATES,
        "days": ctx.machinery.settings.webhook_log_days,
        "reason": shown.REASONS[endpoint.paused_reason],
        "conditions": conditions.write(endpoint.conditions),
        "waiting": await queries.waiting(ctx, endpoint.id),
        "member": await ctx.session.get(Member, endpoint.member_id),
        "tests": [(name, ctx.t(offered[name].summary)) for name in choosing.meant(ctx, endpoint.events)],
        "next": f"{here}?{question}after={found[-1].id}" if len(found) == queries.PAGE else None,
        "first": f"{here}?{question}".rstrip("?&") if after else None,
    }


def _begin(ctx: Ctx, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ctx.zone).astimezone(UTC)


def _back(ctx: Ctx, request: Any_, webhook_id: UUID, said: str) -> Response[Any]:
    return toast(redirect(request, ctx.w(f"/settings/webhooks/{webhook_id}")), said)
