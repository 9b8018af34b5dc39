"""The page of plan and usage, the choice of a plan, and 发票."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response

from core.kernel.errors import AppError, BadRequest
from core.kernel.i18n import N_
from core.kernel.validate import fields
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import principal_of, runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.billing import payments, queries, service_offline
from tenants.billing.asking import MANAGE, away, buyer
from tenants.billing.gateway import is_rehearsal
from tenants.billing.plans import PAID, PLANS, Interval
from tenants.billing.schema import BillingOut, CodeIn, FapiaoIn, PlanIn

Any_ = Request[Any, Any, Any]
INDEX = "billing/index.html"
PLAN = "billing/plan.html"
FAPIAO = "billing/fapiao.html"
RELOAD_S = "3"


class BillingPages(Controller):
    """Plan and usage of the workspace."""

    path = "/settings/billing"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission="billing.view")
    async def index(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show what the workspace has, uses and pays."""
        return await self._index(ctx, control, request)

    @get("/paid", permission="billing.view")
    async def paid(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show the same; while the payment service's message is on its way, look again soon."""
        held = await queries.account(control, ctx.tenant)
        is_waiting = held.source != "stripe" and held.customer_id is not None
        response = await self._index(ctx, control, request, is_waiting=is_waiting)
        if is_waiting:
            response.headers["Refresh"] = RELOAD_S
        return response

    async def _index(
        self, ctx: Ctx, control: Control, request: Any_, *, is_waiting: bool = False
    ) -> Response[Any]:
        settings = runtime_of(request).settings
        overview = await queries.overview(ctx, control)
        return render(
            ctx,
            request,
            INDEX,
            billing=overview,
            plan=PLANS[overview.plan],
            plans=PLANS.values(),
            price_minor=_price(overview),
            sum_minor=_sum(overview),
            transfers=await queries.transfers(control, ctx.tenant.id),
            fapiao=await queries.fapiao(control, ctx.tenant.id),
            is_waiting=is_waiting,
            is_rehearsal=is_rehearsal(settings),
            takes_cards=settings.stripe_api_key is not None,
        )

    @get("/plan", permission=MANAGE)
    async def plan(self, request: Any_, plan: str = "team", interval: str = "month") -> Response[Any]:
        """Show what a plan would cost, before it is taken."""
        runtime, who = runtime_of(request), await buyer(request)
        if plan not in {paid.key for paid in PAID} or interval not in ("month", "year"):
            raise BadRequest
        wanted = PlanIn(plan=plan, interval=interval)  # type: ignore[arg-type]
        known = await payments.look(runtime, who.tenant)
        seats = await payments.seats(runtime, who.tenant)
        today = None
        if known.source == "stripe" and runtime.settings.stripe_api_key:
            today = await payments.preview(runtime, who, wanted)
        principal = principal_of(request)
        async with runtime.enter(principal, readonly=True) as ctx:  # type: ignore[arg-type]
            return render(
                ctx,
                request,
                PLAN,
                plan=PLANS[plan],
                interval=interval,
                currency=known.currency,
                seats=seats,
                today=today,
                is_subscribed=known.source == "stripe",
                has_trial=not known.trial_used,
                takes_cards=runtime.settings.stripe_api_key is not None,
                bank_account=runtime.settings.bank_account,
                members=PLANS[plan].limits_of(wanted.interval).get("members"),
            )

    @post("/checkout", permission=MANAGE, unpaid=True)
    async def checkout(self, request: Any_) -> Response[Any]:
        """Go to the payment page for a plan."""
        who = await buyer(request)
        return away(
            request, await payments.checkout(runtime_of(request), who, await read_form(request, PlanIn))
        )

    @post("/portal", permission=MANAGE, unpaid=True)
    async def portal(self, request: Any_) -> Response[Any]:
        """Go to the payment service's page of cards and receipts."""
        return away(request, await payments.portal(runtime_of(request), await buyer(request)))

    @post("/plan", permission=MANAGE, unpaid=True)
    async def change(self, request: Any_) -> Response[Any]:
        """Change the plan."""
        who, data = await buyer(request), await read_form(request, PlanIn)
        doing = payments.change_plan(runtime_of(request), who, data)
        return await self._done(request, doing, N_("Your plan is changed."))

    @post("/cancel", permission=MANAGE, unpaid=True)
    async def cancel(self, request: Any_) -> Response[Any]:
        """End the subscription with its period."""
        doing = payments.cancel(runtime_of(request), await buyer(request), at_period_end=True)
        return await self._done(
            request, doing, N_("The subscription ends with its period. Nothing is deleted.")
        )

    @post("/resume", permission=MANAGE, unpaid=True)
    async def resume(self, request: Any_) -> Response[Any]:
        """Go on after all."""
        doing = payments.cancel(runtime_of(request), await buyer(request), at_period_end=False)
        return await self._done(request, doing, N_("The subscription goes on."))

    @post("/code", permission=MANAGE, unpaid=True)
    async def use_code(self, request: Any_) -> Response[Any]:
        """Use a promotion code."""
        who, data = await buyer(request), await read_form(request, CodeIn)
        doing = payments.use_code(runtime_of(request), who, data.code)
        return await self._done(request, doing, N_("The code holds from the next invoice on."))

    @post("/invoices/{invoice_id:str}/pay", permission=MANAGE, unpaid=True)
    async def pay(self, request: Any_, invoice_id: str) -> Response[Any]:
        """Pay an open invoice."""
        doing = payments.pay(runtime_of(request), await buyer(request), invoice_id)
        return await self._done(request, doing, N_("The invoice is paid. Thank you."))

    async def _done(self, request: Any_, doing: Any, said: str) -> Response[Any]:
        """Do it, and come back to the page with a word about how it went."""
        ctx: Ctx = request.scope["gx.ctx"]  # type: ignore[typeddict-item]
        back = redirect(request, ctx.w("/settings/billing"))
        try:
            await doing
        except AppError as error:
            if error.status >= 500 or error.status == 404:
                raise
            wrong = error.errors[0].message if error.errors else error.detail or error.title
            return toast(back, ctx.t(wrong, **error.params), tone="bad")
        return toast(back, ctx.t(said))

    @get("/fapiao", permission=MANAGE)
    async def fapiao_form(self, ctx: Ctx, request: Any_, paid: str = "") -> Response[Any]:
        """Show the form for a fapiao."""
        values = {"paid_for": paid, "email": ctx.actor.email, "title": ctx.tenant.name}
        return render(ctx, request, FAPIAO, fields=_fapiao_fields(), values=values, paid=paid)

    @post("/fapiao", permission=MANAGE, unpaid=True)
    async def ask_for_fapiao(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Ask for a fapiao."""
        try:
            await service_offline.request_fapiao(control, ctx.tenant, await read_form(request, FapiaoIn))
        except AppError as error:
            control.roll_back()
            values = await form_values(request)
            paid = str(values.get("paid_for", ""))
            page = {"fields": _fapiao_fields(), "values": values, "paid": paid}
            return form_again(ctx, request, FAPIAO, error, **page)
        said = ctx.t(N_("The fapiao is asked for. It comes by e-mail."))
        return toast(redirect(request, ctx.w("/settings/billing")), said)


def _fapiao_fields() -> list[Any]:
    return [meta for meta in fields(FapiaoIn) if meta.name != "paid_for"]


def _sum(overview: BillingOut) -> int:
    """What the plan and its modules cost an interval, before discounts and credit."""
    total = sum(
        each.amount_minor * (overview.seats if each.per == "seat" else 1)
        for each in overview.modules
        if each.state == "billed"
    )
    if overview.source in ("offline", "gift"):
        return total
    return total + _price(overview) * (overview.seats if overview.interval == "month" else 1)


def _price(overview: BillingOut) -> int:
    """What a seat or the year costs the workspace: as it was bought, else as it is on sale."""
    if overview.price_minor is not None:
        return overview.price_minor
    interval: Interval = "year" if overview.interval == "year" else "month"
    plan = PLANS[overview.plan]
    return plan.price(interval, "CNY" if overview.currency == "CNY" else "USD") if plan in PAID else 0
