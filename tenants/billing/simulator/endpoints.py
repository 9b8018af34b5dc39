"""The endpoints that the product uses, each with the parameters that Stripe's library declares for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe import params as typed
from stripe.params import billing_portal, checkout, test_helpers

from tenants.billing.simulator import clock, hosted, invoices, subscriptions
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import Object, World, listed

Act = Callable[[World, Object, str], Object]
HOURS_24 = 86_400


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address."""

    method: str
    path: re.Pattern[str]
    params: type[Any]
    act: Act


def _customer_new(world: World, given: Object, _: str) -> Object:
    values: Object = {"email": None, "name": None, "balance": 0, "currency": None, "delinquent": False}
    values |= {
        name: given[name] for name in ("email", "name", "metadata", "preferred_locales") if name in given
    }
    values["invoice_settings"] = {"default_payment_method": None, "footer": None}
    made = world.new("customer", **values)
    world.emit("customer.created", made)
    return made


def _customer_change(world: World, given: Object, object_id: str) -> Object:
    found = world.get("customer", object_id)
    found |= {name: given[name] for name in ("email", "name") if name in given}
    found["metadata"] |= given.get("metadata") or {}
    world.emit("customer.updated", found)
    return found


def _product_new(world: World, given: Object, _: str) -> Object:
    if given.get("id") in world.objects["product"]:
        raise Problem("Product already exists.", code="resource_already_exists", param="id")
    made = world.new("product", active=True, name=given["name"], metadata=given.get("metadata") or {})
    if "id" in given:
        world.objects["product"][given["id"]] = world.objects["product"].pop(made["id"])
        made["id"] = given["id"]
    return made


def _price_new(world: World, given: Object, _: str) -> Object:
    if world.all("price", lookup_key=given.get("lookup_key")) and given.get("lookup_key"):
        message = f"A price (`{given['lookup_key']}`) already uses that lookup key."
        raise Problem(message, param="lookup_key")
    if "product_data" in given:
        product = _product_new(world, given["product_data"], "")["id"]
    else:
        product = world.get("product", given.get("product"), param="product")["id"]
    recurring: Object = {"interval_count": 1, "usage_type": "licensed", **given["recurring"]}
    return world.new(
        "price",
        active=True,
        currency=given["currency"].lower(),
        product=product,
        unit_amount=given["unit_amount"],
        recurring=recurring,
        lookup_key=given.get("lookup_key"),
        type="recurring",
        billing_scheme="per_unit",
        metadata=given.get("metadata") or {},
    )


def _price_list(world: World, given: Object, _: str) -> Object:
    wanted = given.get("lookup_keys")
    found = [each for each in world.all("price") if not wanted or each["lookup_key"] in wanted]
    return listed("/v1/prices", found, given.get("limit", 10))


def _checkout_new(world: World, given: Object, _: str) -> Object:
    customer = world.get("customer", given.get("customer"), param="customer")
    if given.get("mode") != "subscription" or not given.get("line_items"):
        raise Problem("Missing required param: line_items.", code="parameter_missing", param="line_items")
    items = [{"price": each["price"], "quantity": each.get("quantity", 1)} for each in given["line_items"]]
    prices = [world.get("price", each["price"], param="line_items[0][price]") for each in items]
    data = given.get("subscription_data") or {}
    made = world.new(
        "checkout.session",
        customer=customer["id"],
        mode="subscription",
        status="open",
        payment_status="unpaid",
        currency=prices[0]["currency"],
        success_url=given.get("success_url"),
        cancel_url=given.get("cancel_url"),
        client_reference_id=given.get("client_reference_id"),
        allow_promotion_codes=given.get("allow_promotion_codes"),
        locale=given.get("locale"),
        metadata=given.get("metadata") or {},
        subscription=None,
        invoice=None,
        expires_at=world.now() + HOURS_24,
        sim_items=items,
        sim_trial_days=data.get("trial_period_days", 0),
        sim_metadata=data.get("metadata") or {},
        sim_discounts=given.get("discounts") or [],
    )
    made["url"] = f"{world.address}/pay/{made['id']}"
    return made


def _portal_new(world: World, given: Object, _: str) -> Object:
    customer = world.get("customer", given.get("customer"), param="customer")
    made = world.new("billing_portal.session", customer=customer["id"], return_url=given.get("return_url"))
    made["url"] = f"{world.address}/portal/{made['id']}"
    return made


def _subscription_list(world: World, given: Object, _: str) -> Object:
    found = world.all("subscription", customer=given["customer"]) if "customer" in given else []
    wanted = given.get("status")
    if wanted != "all":
        found = [
            each for each in found if (each["status"] == wanted if wanted else each["status"] != "canceled")
        ]
    return listed("/v1/subscriptions", found, given.get("limit", 10))


def _invoice_list(world: World, given: Object, _: str) -> Object:
    wanted = {name: given[name] for name in ("customer", "status") if name in given}
    return listed("/v1/invoices", world.all("invoice", **wanted), given.get("limit", 10))


def _preview(world: World, given: Object, _: str) -> Object:
    found = world.get("subscription", given.get("subscription"), param="subscription")
    if found["status"] == "canceled":
        raise Problem("No upcoming invoices for customer", code="invoice_upcoming_none")
    asked, before = given.get("subscription_details") or {}, found["latest_invoice"]
    # Nothing that a preview does is to stay.
    with world.undone():
        if asked.get("items"):
            kept = world.cards.get(found["customer"])
            world.cards[found["customer"]] = invoices.GOOD
            changed = subscriptions.change(
                world, found["id"], {**asked, "payment_behavior": "allow_incomplete"}
            )
            world.cards[found["customer"]] = kept or invoices.DECLINED
            if asked.get("proration_behavior") == "always_invoice":
                newest = changed["latest_invoice"]
                if newest != before:
                    return dict(world.get("invoice", newest))
                draft = invoices.build(world, changed, [], "upcoming")
                return {"id": "upcoming_" + found["id"], "object": "invoice", "created": world.now(), **draft}
            found = changed
        if found["cancel_at_period_end"] and not world.pending.get(found["id"]):
            raise Problem("No upcoming invoices for customer", code="invoice_upcoming_none")
        subscriptions.next_period(found, found["items"]["data"][0]["current_period_end"])
        lines = subscriptions.lines(world, found)
        draft = invoices.build(world, found, lines, "upcoming")
    return {"id": "upcoming_" + found["id"], "object": "invoice", "created": world.now(), **draft}


def _coupon_new(world: World, given: Object, _: str) -> Object:
    made = world.new(
        "coupon",
        amount_off=given.get("amount_off"),
        percent_off=given.get("percent_off"),
        currency=given.get("currency"),
        duration=given.get("duration", "once"),
        name=given.get("name"),
        valid=True,
        times_redeemed=0,
    )
    if "id" in given:
        world.objects["coupon"][given["id"]] = world.objects["coupon"].pop(made["id"])
        made["id"] = given["id"]
    return made


def _code_new(world: World, given: Object, _: str) -> Object:
    promotion = given["promotion"]
    world.get("coupon", promotion.get("coupon"), param="promotion[coupon]")
    code = given.get("code") or world.id("promotion_code")[-8:].upper()
    return world.new("promotion_code", active=True, code=code, promotion=promotion, times_redeemed=0)


def _code_list(world: World, given: Object, _: str) -> Object:
    wanted = {name: given[name] for name in ("code", "active") if name in given}
    return listed("/v1/promotion_codes", world.all("promotion_code", **wanted), given.get("limit", 10))


def _event_list(world: World, given: Object, _: str) -> Object:
    return listed("/v1/events", world.all("event"), given.get("limit", 10))


def _clock_new(world: World, given: Object, _: str) -> Object:
    clock.advance(world, max(given["frozen_time"], world.now()))
    return world.new("test_helpers.test_clock", frozen_time=given["frozen_time"], status="ready")


def _clock_advance(world: World, given: Object, object_id: str) -> Object:
    found = world.get("test_helpers.test_clock", object_id)
    clock.advance(world, given["frozen_time"])
    found["frozen_time"] = given["frozen_time"]
    return found


def _get(kind: str) -> Act:
    return lambda world, _, object_id: world.get(kind, object_id)


def _at(method: str, path: str, params: type[Any], act: Act) -> Endpoint:
    return Endpoint(method, re.compile("/v1" + path.replace("{id}", r"(?P<id>[^/]+)")), params, act)


ENDPOINTS = (
    _at("POST", "/customers", typed.CustomerCreateParams, _customer_new),
    _at("GET", "/customers/{id}", typed.CustomerRetrieveParams, _get("customer")),
    _at("POST", "/customers/{id}", typed.CustomerUpdateParams, _customer_change),
    _at("POST", "/products", typed.ProductCreateParams, _product_new),
    _at("POST", "/prices", typed.PriceCreateParams, _price_new),
    _at("GET", "/prices", typed.PriceListParams, _price_list),
    _at("POST", "/checkout/sessions", checkout.SessionCreateParams, _checkout_new),
    _at("GET", "/checkout/sessions/{id}", checkout.SessionRetrieveParams, _get("checkout.session")),
    _at("POST", "/billing_portal/sessions", billing_portal.SessionCreateParams, _portal_new),
    _at("GET", "/subscriptions", typed.SubscriptionListParams, _subscription_list),
    _at("GET", "/subscriptions/{id}", typed.SubscriptionRetrieveParams, _get("subscription")),
    _at(
        "POST",
        "/subscriptions/{id}",
        typed.SubscriptionUpdateParams,
        lambda world, given, object_id: subscriptions.change(world, object_id, given),
    ),
    _at(
        "DELETE",
        "/subscriptions/{id}",
        typed.SubscriptionCancelParams,
        lambda world, given, object_id: subscriptions.cancel(world, object_id, given),
    ),
    _at("GET", "/invoices", typed.InvoiceListParams, _invoice_list),
    _at("POST", "/invoices/create_preview", typed.InvoiceCreatePreviewParams, _preview),
    _at(
        "POST",
        "/invoices/{id}/pay",
        typed.InvoicePayParams,
        lambda world, _, object_id: hosted.pay_invoice(world, object_id),
    ),
    _at("POST", "/coupons", typed.CouponCreateParams, _coupon_new),
    _at("POST", "/promotion_codes", typed.PromotionCodeCreateParams, _code_new),
    _at("GET", "/promotion_codes", typed.PromotionCodeListParams, _code_list),
    _at("GET", "/events", typed.EventListParams, _event_list),
    _at("GET", "/events/{id}", typed.EventRetrieveParams, _get("event")),
    _at("POST", "/test_helpers/test_clocks", test_helpers.TestClockCreateParams, _clock_new),
    _at(
        "POST", "/test_helpers/test_clocks/{id}/advance", test_helpers.TestClockAdvanceParams, _clock_advance
    ),
)
