"""Billing as JSON: what the page offers, for programs."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.billing import payments, queries, service_offline
from tenants.billing.asking import MANAGE, buyer
from tenants.billing.schema import BillingOut, CodeIn, FapiaoIn, FapiaoOut, PlaceOut, PlanIn

Any_ = Request[Any, Any, Any]


class BillingApi(Controller):
    """Plan, usage and payments of the workspace."""

    path = "/billing"
    tags = ("Billing",)
    opt = LIVE_ONLY

    @get("/", permission="billing.view")
    async def show(self, ctx: Ctx, control: Control) -> BillingOut:
        """Tell what the workspace has, uses and pays."""
        return await queries.overview(ctx, control)

    @post("/checkout", permission=MANAGE, unpaid=True)
    async def checkout(self, request: Any_, data: PlanIn) -> PlaceOut:
        """Open a checkout for a plan; a person has to pay on its page."""
        return PlaceOut(url=await payments.checkout(runtime_of(request), await buyer(request), data))

    @post("/portal", permission=MANAGE, unpaid=True)
    async def portal(self, request: Any_) -> PlaceOut:
        """Open the payment service's own page of the workspace."""
        return PlaceOut(url=await payments.portal(runtime_of(request), await buyer(request)))

    @post("/plan", permission=MANAGE, unpaid=True, status_code=204)
    async def change(self, request: Any_, data: PlanIn) -> None:
        """Change the plan at once; the difference is charged or credited."""
        await payments.change_plan(runtime_of(request), await buyer(request), data)

    @post("/cancel", permission=MANAGE, unpaid=True, status_code=204)
    async def cancel(self, request: Any_) -> None:
        """End the subscription with its period."""
        await payments.cancel(runtime_of(request), await buyer(request), at_period_end=True)

    @post("/resume", permission=MANAGE, unpaid=True, status_code=204)
    async def resume(self, request: Any_) -> None:
        """Go on after all, while the period lasts."""
        await payments.cancel(runtime_of(request), await buyer(request), at_period_end=False)

    @post("/code", permission=MANAGE, unpaid=True, status_code=204)
    async def use_code(self, request: Any_, data: CodeIn) -> None:
        """Put a promotion code on the subscription."""
        await payments.use_code(runtime_of(request), await buyer(request), data.code)

    @post("/invoices/{invoice_id:str}/pay", permission=MANAGE, unpaid=True, status_code=204)
    async def pay(self, request: Any_, invoice_id: str) -> None:
        """Have the card on file pay an open invoice."""
        await payments.pay(runtime_of(request), await buyer(request), invoice_id)

    @post("/fapiao", permission=MANAGE, unpaid=True)
    async def ask_for_fapiao(self, ctx: Ctx, control: Control, data: FapiaoIn) -> FapiaoOut:
        """Ask for a fapiao over something that was paid in yuan."""
        made = await service_offline.request_fapiao(control, ctx.tenant, data)
        return FapiaoOut(
            id=made.id,
            paid_for=made.paid_for,
            title=made.title,
            tax_number=made.tax_number,
            amount_minor=made.amount_minor,
            number=made.number,
        )
