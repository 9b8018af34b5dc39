"""What goes wrong at the edges: bad signatures, a service out of reach, foreign currencies, the operator's commands."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from click.testing import CliRunner
from litestar import Litestar, Request
from sqlalchemy import select

from core.ext.specs import Manifest, Price
from core.kernel.errors import Conflict, Unauthenticated
from core.kernel.guards import InsideTransactionError
from core.settings import Settings, SettingsError
from tenants.billing import asking, commands, gateway, lines, payments, rehearsal, service_accounts
from tenants.billing.gateway import Gateway, PaymentUnavailable, Snapshot, gateway_of, is_rehearsal
from tenants.billing.models import FapiaoRequest
from tenants.billing.plans import module_minor
from tenants.billing.simulator import app as simulator
from tenants.billing.webhook import customer_of
from tests.fixtures.people import Person
from tests.tenants.billing.conftest import SECRET, Bank


async def test_only_signed_messages_are_taken(
    bank: Bank, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}})
    good = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    old = stripe.WebhookSignature.generate_signature_header(body, SECRET, timestamp=1_700_000_000)
    for header in ({}, {"Stripe-Signature": "t=1,v1=x"}, {"Stripe-Signature": old}):
        assert (await stranger.post("/billing/stripe", content=body, headers=header)).status_code == 400
    changed = body.replace("evt_1", "evt_2")
    forged = await stranger.post("/billing/stripe", content=changed, headers={"Stripe-Signature": good})
    assert forged.status_code == 400
    taken = await stranger.post("/billing/stripe", content=body, headers={"Stripe-Signature": good})
    assert taken.status_code == 200
    monkeypatch.setattr(bank.runtime, "settings", replace(bank.runtime.settings, stripe_webhook_secret=""))
    closed = await stranger.post("/billing/stripe", content=body, headers={"Stripe-Signature": good})
    assert closed.status_code == 404
    await bank.settle()


@pytest.mark.parametrize(
    ("subject", "customer"),
    [
        ({"object": "customer", "id": "cus_1"}, "cus_1"),
        ({"object": "invoice", "customer": "cus_1"}, "cus_1"),
        ({"object": "invoice", "customer": {"id": "cus_1"}}, "cus_1"),
        ({"object": "product"}, None),
    ],
)
def test_a_message_is_about_a_customer_or_nobody(subject: Any, customer: str | None) -> None:
    assert customer_of(subject) == customer


class Broken(httpx.AsyncBaseTransport):
    """A payment service in trouble."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.status:
            raise httpx.ConnectError("away", request=request)
        return httpx.Response(self.status, json=self.body, request=request)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (0, None, PaymentUnavailable),
        (429, {"error": {"type": "rate_limit_error", "message": "slow"}}, PaymentUnavailable),
        (500, {"error": {"type": "api_error", "message": "oops"}}, PaymentUnavailable),
        (401, {"error": {"type": "authentication_error", "message": "who"}}, PaymentUnavailable),
        (400, {"error": {"type": "invalid_request_error", "message": "ours"}}, stripe.InvalidRequestError),
    ],
)
async def test_a_service_in_trouble_is_said(
    status: int, body: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RETRIES", 0)
    broken = Gateway(key="sk_test_x", base="http://pay.test", transport=Broken(status, body))
    with pytest.raises(error):
        await broken.promotion("X")


async def test_nobody_speaks_to_it_inside_a_transaction(bank: Bank) -> None:
    async with bank.runtime.control():
        with pytest.raises(InsideTransactionError):
            await payments.gateway(bank.runtime).promotion("X")


async def test_readings_that_are_always_overtaken_give_up(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.subscribe()

    async def never(*_: Any) -> bool:
        return False

    monkeypatch.setattr(service_accounts, "apply", never)
    with pytest.raises(Conflict):
        await payments.refresh(bank.runtime, bank.tenant.id)


async def test_a_sync_finds_that_the_subscription_is_gone(bank: Bank) -> None:
    held = await bank.subscribe()
    await payments.gateway(bank.runtime).cancel(held["id"], key="k")
    bank.world.outbox.clear()
    await payments.sync(bank.runtime, bank.tenant.id)
    assert (await bank.account()).state == "free"


def test_the_gateway_is_made_of_the_settings(bank_settings: Settings) -> None:
    assert gateway_of(bank_settings) is None
    assert not is_rehearsal(bank_settings)
    live = replace(bank_settings, stripe_api_key="sk_live_x")
    assert gateway_of(live) is not None
    assert not is_rehearsal(live)
    assert is_rehearsal(replace(live, stripe_api_base="http://127.0.0.1:1"))
    assert is_rehearsal(replace(live, stripe_api_key="sk_test_x"))


async def test_the_process_makes_one_gateway(bank: Bank) -> None:
    kept = bank.runtime._parts.pop(Gateway)
    made = payments.gateway(bank.runtime)
    assert payments.gateway(bank.runtime) is made
    bank.runtime._parts[Gateway] = kept


@pytest.fixture
def bank_settings(tmp_path: Any) -> Settings:
    return Settings(home=tmp_path, secret_key=b"k" * 32, port=8_000)


def test_payments_are_played_where_no_key_is_set(bank_settings: Settings) -> None:
    played = rehearsal.environment(bank_settings)
    assert played is not None
    assert played["STRIPE_API_BASE"].startswith("http://127.0.0.1:")
    assert (
        played["STRIPE_WEBHOOK_SECRET"]
        == (rehearsal.environment(bank_settings) or {})["STRIPE_WEBHOOK_SECRET"]
    )
    assert rehearsal.environment(replace(bank_settings, stripe_api_key="sk_live_x")) is None
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        other = rehearsal.environment(replace(bank_settings, port=port - 1))
        assert other is not None
        assert other["STRIPE_API_BASE"] != f"http://127.0.0.1:{port}"
    last = rehearsal.environment(replace(bank_settings, port=65_535))
    assert last is not None


def test_the_played_service_reports_to_this_machine(bank_settings: Settings) -> None:
    assert rehearsal.webhook(bank_settings) == "http://127.0.0.1:8000/billing/stripe"
    assert rehearsal.webhook(replace(bank_settings, host="::1")) == "http://[::1]:8000/billing/stripe"
    assert rehearsal.webhook(replace(bank_settings, host="0.0.0.0")) == "http://127.0.0.1:8000/billing/stripe"


def test_a_key_without_the_secret_of_its_messages_is_refused(tmp_path: Any) -> None:
    with pytest.raises(SettingsError) as wrong:
        Settings.read({"GUANXI_HOME": str(tmp_path), "STRIPE_API_KEY": "sk_live_x"})
    assert set(wrong.value.problems) == {"STRIPE_WEBHOOK_SECRET"}


@pytest.mark.parametrize(
    ("price", "interval", "currency", "amount"),
    [
        (Price(amount_minor=900), "month", "USD", 900),
        (Price(amount_minor=900), "year", "USD", 10_800),
        (Price(amount_minor=900), "month", "CNY", 6_500),
        (Price(amount_minor=7_200, currency="CNY"), "month", "USD", 1_000),
        (Price(amount_minor=10, currency="CNY"), "year", "USD", 1_200),
    ],
)
def test_a_module_costs_whole_units_in_another_currency(
    price: Price, interval: Any, currency: Any, amount: int
) -> None:
    assert module_minor(price, interval, currency) == amount


def test_what_costs_nothing_is_no_line() -> None:
    free = Manifest(key="a.b", title="Free")
    assert lines.wanted("free", "month", "USD", seats=3, modules=[free]) == []


def test_an_empty_reading_is_the_plan_that_costs_nothing() -> None:
    from tenants.billing.standing import of_stripe

    standing = of_stripe(Snapshot(), "team")
    assert (standing.plan, standing.state, standing.source) == ("team", "free", "none")


async def test_the_operator_records_gives_and_issues(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loop = asyncio.get_running_loop()

    def here(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work(bank.runtime), loop).result(30)

    monkeypatch.setattr(commands, "with_runtime", here)

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, commands.billing, words)

    slug = bank.tenant.slug
    assert (await run("give", slug, "team")).exit_code == 0
    assert (await bank.account()).source == "gift"
    paid = ("transfer", slug, "--reference", "R1", "--amount-minor", "990000", "--plan", "team")
    done = await run(*paid, "--received-on", "2026-11-20")
    assert done.output.startswith("paid until 20")
    assert (await run(*paid)).exit_code == 0
    async with bank.runtime.control() as control:
        asked = FapiaoRequest(
            tenant_id=bank.tenant.id,
            paid_for="x",
            amount_minor=1,
            title="恒通",
            tax_number="1",
            email="a@b.c",
        )
        control.session.add(asked)
        await control.session.flush()
        asked_id = str(asked.id)
    assert json.loads((await run("fapiao")).output)["title"] == "恒通"
    assert "needs --number" in (await run("fapiao", "--issue", asked_id)).output
    assert "need --issue" in (await run("fapiao", "--number", "25")).output
    pdf, film = tmp_path / "发票.pdf", tmp_path / "film.mp4"
    pdf.write_bytes(b"%PDF-1.7")
    film.write_bytes(bytes(commands.FILE_MAX + 1))
    issue = ("fapiao", "--issue", asked_id, "--number", "25")
    assert "need --issue" in (await run("fapiao", "--file", str(pdf))).output
    assert "5 MB at most" in (await run(*issue, "--file", str(film))).output
    assert (await run(*issue, "--file", str(pdf))).output == ""
    async with bank.runtime.control() as control:
        kept = select(FapiaoRequest.file_name, FapiaoRequest.file)
        assert (await control.session.execute(kept)).one() == ("发票.pdf", b"%PDF-1.7")


async def test_who_is_nobody_buys_nothing(bank: Bank, stranger: httpx.AsyncClient, zed: Person) -> None:
    assert (await stranger.post("/api/v1/billing/checkout", json={"plan": "team"})).status_code == 401
    other = await zed.page.get(bank.ann.w("/settings/billing"))
    assert other.status_code == 404


async def test_only_a_member_of_a_workspace_is_a_buyer(bank: Bank, app: Litestar) -> None:
    nowhere = replace(bank.ann.principal, tenant=None, member_id=None)
    for principal in (None, nowhere):
        scope: Any = {"type": "http", "headers": [], "litestar_app": app, "gx.principal": principal}
        with pytest.raises(Unauthenticated):
            await asking.buyer(Request(scope))


def test_without_any_free_port_nothing_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(_self: Any, _address: Any) -> None:
        raise OSError("taken")

    monkeypatch.setattr(socket.socket, "bind", taken)
    with pytest.raises(OSError, match="no port is free"):
        rehearsal._free_port(8_000)


async def test_another_process_finds_the_prices_that_are_there(bank: Bank) -> None:
    asked: Any = {"lookup_key": "guanxi_team_month_usd_1200", "name": "Team", "amount_minor": 1_200}
    asked |= {"currency": "USD", "interval": "month"}
    first = await payments.gateway(bank.runtime).price(**asked)
    transport = httpx.ASGITransport(app=simulator.create_app(bank.world))
    other = Gateway(key="sk_test_x", base="http://pay.test", transport=transport)
    assert await other.price(**asked) == first
    assert len(bank.world.all("price")) == 1


async def test_a_process_that_died_before_it_kept_the_customer_stops_nobody_else(bank: Bank) -> None:
    made = [
        await payments.gateway(bank.runtime).customer(name="Acme", email=email, tenant_id=str(bank.tenant.id))
        for email in ("ann@acme.test", "ann@acme.test", "bo@acme.test")
    ]
    assert made[0] == made[1] != made[2]
    other = replace(bank.buyer, email="cy@acme.test")
    await payments.portal(bank.runtime, other)
    account = await bank.account()
    assert account.customer_id is not None
    assert account.customer_id not in made


async def test_two_who_begin_at_once_are_one_customer(bank: Bank) -> None:
    known = await payments.held(bank.runtime, bank.tenant)
    first, second = bank.buyer, replace(bank.buyer, email="bo@acme.test")
    assert known.customer_id is None
    ids = [await payments._customer(bank.runtime, buyer, known) for buyer in (first, second)]
    assert ids[0] == ids[1] == (await bank.account()).customer_id


async def test_a_gift_stays_one_whatever_was_looked_at_there(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.give(control, bank.tenant, "team")
    await payments.portal(bank.runtime, bank.buyer)
    await payments.refresh(bank.runtime, bank.tenant.id)
    account = await bank.account()
    assert account.customer_id is not None
    assert account.checked_at is not None
    assert (account.source, account.plan, account.state) == ("gift", "team", "active")


async def test_a_sync_that_always_finds_something_ends_all_the_same(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.subscribe()
    changed = []

    async def change(*_: Any) -> bool:
        changed.append(1)
        return True

    monkeypatch.setattr(payments, "_change", change)
    await payments.sync(bank.runtime, bank.tenant.id)
    assert len(changed) == payments.TRIES


async def test_a_removed_workspace_that_paid_for_nothing_ends_nothing(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.ensure(control, bank.tenant)
    await payments.leave(bank.runtime, bank.tenant.id)
    assert bank.world.all("subscription") == []


def test_the_command_plays_the_payment_service_where_it_is_told(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Any] = []

    async def serve(address: str, **more: Any) -> None:
        played.append((address, more["webhook"], more["secret"]))

    monkeypatch.setattr(simulator, "serve", serve)
    monkeypatch.setenv("GUANXI_HOME", str(tmp_path))
    for name in ("STRIPE_API_BASE", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    refused = CliRunner().invoke(commands.simulator)
    assert refused.exit_code == 2
    assert "STRIPE_API_BASE says where" in refused.output
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:8001")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    assert CliRunner().invoke(commands.simulator).exit_code == 0
    assert played == [("http://127.0.0.1:8001", "http://127.0.0.1:8000/billing/stripe", SECRET)]
