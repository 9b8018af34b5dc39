"""Webhook fan-out: events to several endpoints, beside a plain loop of the same client over the same messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec
import pytest

from core.kernel.addresses import networks
from core.kernel.http import Outbound, Policy
from core.runtime import Runtime
from core.webhooks import signing
from core.worker import Worker, worker
from tests.bench.conftest import Line, Report
from tests.core.webhooks.receiver import Receiver
from tests.fixtures.people import Person

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SECTION = "Webhook fan-out"
ENDPOINTS = 5
LEAST = 0.5
MEANING = (
    "customers created in one bulk request, each event to five endpoints on one receiver; from the commit until the"
    " receiver has everything, with relay, matching, signing, the log of each call and the schedule of each endpoint,"
    " by one worker process that shares this process with the receiver. The plain loop signs and sends the same bodies"
    " one after the other by the same client to the same receiver, and writes nothing down."
)


async def test_fan_out_beside_a_plain_loop(
    ann: Person,
    runtime: Runtime,
    size: Callable[[int, int], int],
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver, count = Receiver(), size(2_000, 400)
    await receiver.start()
    policy = Policy(
        schemes=frozenset({"http"}),
        ports=frozenset({receiver.port}),
        allowed_networks=networks(["127.0.0.0/8"]),
    )
    monkeypatch.setattr(runtime, "http", Outbound(policy))
    for number in range(ENDPOINTS):
        body = {"url": receiver.url(f"to-{number}"), "events": ["customer.created"]}
        assert (await ann.api.post("/webhooks", json=body)).status_code == 201
    made = Worker(worker(runtime).cells, listen=runtime.cache.subscribe)
    rows = "\n".join(msgspec.json.encode({"name": f"Customer {n}"}).decode() for n in range(count))
    assert (await ann.api.post("/customers/bulk", content=rows)).status_code == 200
    began, working = time.perf_counter(), asyncio.create_task(made.run())
    while len(receiver.got) < count * ENDPOINTS:  # noqa: ASYNC110 - the receiver has no bell
        await asyncio.sleep(0.01)
    ours = time.perf_counter() - began
    made.stop()
    await working
    sent = receiver.got[:]
    assert len({(one.path, one.headers["webhook-id"]) for one in sent}) == count * ENDPOINTS
    plain = await _plain(runtime, [(receiver.url(one.path), one.body) for one in sent])
    receiver.stop()
    figures = (
        f"{plain / ours:.0%} of the plain loop ({len(sent) / ours:,.0f} deliveries/s; plain"
        f" {len(sent) / plain:,.0f}/s)"
    )
    what = f"events to {ENDPOINTS} endpoints, {count:,}"
    report.add(SECTION, Line(what, figures, f"≥ {LEAST:.0%}", plain / ours >= LEAST, MEANING))


async def _plain(runtime: Runtime, messages: list[tuple[str, bytes]]) -> float:
    secret, began = signing.new_secret(), time.perf_counter()
    for number, (url, body) in enumerate(messages):
        headers = signing.headers([secret], str(number), runtime.clock.now(), body)
        answer = await runtime.http.request("POST", url, headers=headers, content=body)
        assert answer.status == 204
    return time.perf_counter() - began
