"""The pages that customers see: a checkout, the portal, an invoice; and the operator's levers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath

from core.kernel import money
from tenants.billing.simulator import clock, hosted, invoices, subscriptions
from tenants.billing.simulator.api import world_of
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import World

Any_ = Request[Any, Any, Any]
FOLDER = Path(__file__).parent / "templates"
templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
templates.filters["money"] = lambda amount, currency: money.format(amount, currency.upper(), "en")
CARDS = (
    (invoices.GOOD, "Pay", "4242 4242 4242 4242"),
    (invoices.DECLINED, "Pay with a declined card", "4000 0000 0000 0002"),
    (invoices.UNPROVEN, "Fail the 3-D Secure check", "4000 0027 6000 3184"),
)


def _page(name: str, status: int = 200, **values: Any) -> Response[str]:
    html = templates.get_template(name).render(**values)
    return Response(html, status_code=status, media_type=MediaType.HTML)


def _to(url: str) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": url})


@get("/")
async def index(request: Any_) -> Response[str]:
    """Show what there is."""
    world = world_of(request)
    found = {kind: len(kept) for kind, kept in world.objects.items() if kept}
    return _page("index.html", found=found, events=world.all("event")[:20], world=world)


@get("/pay/{session_id:str}")
async def checkout(request: Any_, session_id: FromPath[str]) -> Response[str]:
    """Show a checkout."""
    return _checkout(world_of(request), session_id)


def _checkout(world: World, session_id: str, problem: str = "") -> Response[str]:
    session = world.get("checkout.session", session_id)
    lines = [(world.get("price", each["price"]), each["quantity"]) for each in session["sim_items"]]
    named = [(world.get("product", price["product"])["name"], price, quantity) for price, quantity in lines]
    return _page(
        "pay.html",
        status=402 if problem else 200,
        session=session,
        lines=named,
        total=hosted.total(world, session),
        cards=CARDS,
        problem=problem,
    )


@post("/pay/{session_id:str}")
async def pay(request: Any_, session_id: FromPath[str]) -> Response[Any]:
    """Pay a checkout, or fail to."""
    world, form = world_of(request), await request.form()
    try:
        session = hosted.pay(
            world, session_id, str(form.get("card", invoices.GOOD)), str(form.get("code", "")).strip()
        )
    except Problem as problem:
        return _checkout(world, session_id, str(problem))
    world.save()
    return _to(str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"]))


@get("/portal/{session_id:str}")
async def portal(request: Any_, session_id: FromPath[str]) -> Response[str]:
    """Show a customer's subscriptions, invoices and card."""
    return _portal(world_of(request), session_id)


def _portal(world: World, session_id: str, problem: str = "") -> Response[str]:
    session = world.get("billing_portal.session", session_id)
    customer = world.get("customer", session["customer"])
    mine = [
        each for each in world.all("subscription", customer=customer["id"]) if each["status"] != "canceled"
    ]
    plans = [
        (world.get("product", price["product"])["name"], price)
        for price in world.all("price")
        if mine and price["currency"] == mine[0]["currency"] and not _is_module(price)
    ]
    return _page(
        "portal.html",
        status=402 if problem else 200,
        session=session,
        customer=customer,
        subscriptions=mine,
        plans=plans,
        invoices=world.all("invoice", customer=customer["id"]),
        card=world.cards.get(customer["id"], "none"),
        problem=problem,
    )


@post("/portal/{session_id:str}")
async def use_portal(request: Any_, session_id: FromPath[str]) -> Response[Any]:
    """Do what a button of the portal says."""
    world, form = world_of(request), await request.form()
    session = world.get("billing_portal.session", session_id)
    try:
        _act(world, session["customer"], {name: str(value) for name, value in form.items()})
    except Problem as problem:
        return _portal(world, session_id, str(problem))
    world.save()
    return _to(f"/portal/{session_id}")


def _act(world: World, customer: str, form: dict[str, str]) -> None:
    match form.get("act"):
        case "card":
            hosted.new_card(world, customer, form["card"])
        case "pay":
            hosted.pay_invoice(world, form["invoice"])
        case "cancel" | "resume":
            wanted = {"cancel_at_period_end": form["act"] == "cancel"}
            subscriptions.change(world, form["subscription"], wanted)
        case "plan":
            found = world.get("subscription", form["subscription"])
            item = next(each for each in found["items"]["data"] if not _is_module(each["price"]))
            change = {"id": item["id"], "price": form["price"]}
            params = {"items": [change], "proration_behavior": "always_invoice"}
            subscriptions.change(world, found["id"], {**params, "payment_behavior": "error_if_incomplete"})
        case other:
            raise Problem(f"Unknown act {other}")


def _is_module(price: dict[str, Any]) -> bool:
    return "_plugin_" in (price["lookup_key"] or "")


@get("/invoices/{invoice_id:str}")
async def invoice(request: Any_, invoice_id: FromPath[str]) -> Response[str]:
    """Show an invoice."""
    return _page("invoice.html", invoice=world_of(request).get("invoice", invoice_id))


@post("/simulator", status_code=200)
async def levers(request: Any_) -> dict[str, Any]:
    """Move the clock by ``days`` or ``to`` an instant, mix up the webhooks, choose what ends the tries."""
    world, wanted = world_of(request), json.loads(await request.body() or b"{}")
    if "days" in wanted or "to" in wanted:
        clock.advance(world, wanted.get("to") or world.now() + int(wanted["days"] * 86_400))
    world.delivery |= {name: wanted[name] for name in world.delivery if name in wanted}
    world.after_retries = wanted.get("after_retries", world.after_retries)
    world.save()
    return {
        "now": world.now(),
        "delivery": world.delivery,
        "waiting": len(world.outbox),
        "subscriptions": world.all("subscription"),
    }
