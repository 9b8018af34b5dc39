import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import update
from standardwebhooks import WebhookVerificationError

from core.kernel.http import Outbound
from core.kernel.ids import uuid7
from core.runtime import Runtime
from core.webhooks import schedule, signing
from core.webhooks.models import Endpoint
from tests.core.webhooks.acting import customer, log, seen, tell
from tests.core.webhooks.conftest import Days, Drain, Make
from tests.core.webhooks.receiver import Receiver
from tests.fixtures.people import Person


async def test_an_event_arrives_once_signed_as_the_specification_says(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    await customer(ann, "Before there was a webhook")
    made = await hook(ann, events=["customer.*"])
    found = await customer(ann)
    await drain()
    [got] = receiver.got
    body = got.verified(made["secret"])
    assert (body["type"], body["data"]["record_id"]) == ("customer.created", found["id"])
    assert got.headers["webhook-id"] == body["data"]["id"]
    assert got.headers["content-type"] == "application/json"
    change = (await ann.api.get("/changes", params={"after": body["data"]["position"] - 1})).json()["data"][0]
    assert body["data"] == change
    assert body["timestamp"] == change["occurred_at"]
    [delivery] = await log(ann, made)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 1, 204)
    detail = (await ann.api.get(f"/deliveries/{delivery['id']}")).json()
    assert detail["request"] == body
    [attempt] = detail["attempts"]
    assert (attempt["status"], attempt["url"]) == (204, made["url"])
    sent = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
    assert attempt["request_headers"] == {name: got.headers[name] for name in sent}
    with pytest.raises(WebhookVerificationError):
        got.verified("whsec_" + "A" * 44)


async def test_the_secret_is_told_once_and_kept_sealed(
    ann: Person, hook: Make, runtime: Runtime, statements: Any
) -> None:
    made = await hook(ann)
    assert made["secret"].startswith("whsec_")
    for path in ("/webhooks", f"/webhooks/{made['id']}"):
        assert made["secret"] not in (await ann.api.get(path)).text
    key = {"Idempotency-Key": str(uuid7())}
    body = {"url": made["url"]}
    answers = [await ann.api.post("/webhooks", json=body, headers=key) for _ in range(2)]
    assert answers[0].status_code == 201
    assert answers[1].json() == answers[0].json(), "a repetition is answered alike, and makes no second one"
    assert len((await ann.api.get("/webhooks")).json()["data"]) == 2
    with psycopg.connect(runtime.databases.settings.admin_dsn()) as admin:
        for table in ("idempotency", "webhook_endpoint", "event_body"):
            rows = admin.execute(f'SELECT t::text FROM "{ann.tenant.schema}".{table} t'.encode()).fetchall()
            for secret in (made["secret"], answers[0].json()["secret"]):
                assert not any(secret in row[0] or secret.encode().hex() in row[0] for row in rows), table


@pytest.mark.parametrize(
    "how",
    [
        ("broken", 500, ""),
        ("away", 302, ""),
        ("huge-no", 500, ""),
        ("hang", None, "no answer in time"),
        ("drip", None, "no answer in time"),
        ("closes", None, "the call failed: RemoteProtocolError"),
        ("nonsense", None, "the call failed: RemoteProtocolError"),
    ],
)
async def test_what_is_not_taken_is_tried_again_and_logged(
    how: tuple[str, int | None, str],
    ann: Person,
    receiver: Receiver,
    hook: Make,
    days: Days,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, status, said = how
    made = await hook(ann, path, events=["customer.created"])
    await customer(ann)
    with monkeypatch.context() as patch:
        if said == "no answer in time":
            patch.setattr("core.webhooks.sending.TIMEOUT_S", 2.0)
        await days.wait()
    [delivery] = await log(ann, made)
    assert (delivery["state"], delivery["tries"]) == ("pending", 1)
    assert (delivery["last_status"], delivery["last_error"]) == (status, said)
    assert {one.path for one in receiver.got} == {path}, "a redirect is not followed"
    receiver.turns[path] = ["ok"]
    await days.wait(6)
    [delivery] = await log(ann, made)
    assert (delivery["state"], delivery["tries"]) == ("delivered", 2)
    assert len(set(receiver.ids(path))) == 1, "the same message keeps its id"
    detail = (await ann.api.get(f"/deliveries/{delivery['id']}")).json()
    assert [one["status"] for one in detail["attempts"]] == [204, status]
    assert all(len(one["body"]) <= 4096 for one in detail["attempts"])


async def test_a_long_answer_is_kept_to_four_kilobytes(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, "huge", events=["customer.created"])
    await customer(ann)
    await drain()
    [delivery] = await log(ann, made)
    assert delivery["state"] == "delivered"
    detail = (await ann.api.get(f"/deliveries/{delivery['id']}")).json()
    assert detail["attempts"][0]["body"] == "x" * 4096


async def test_eleven_tries_in_more_than_seventy_two_hours_then_a_pause_with_notice(
    ann: Person, bo: Person, receiver: Receiver, hook: Make, days: Days, runtime: Runtime
) -> None:
    made = await hook(ann, "broken", events=["customer.created"])
    await customer(ann)
    began = days.now()
    await days.wait()
    instants = [began]
    while (await seen(ann, made))["state"] == "active":
        before = len(receiver.got)
        [delivery] = await log(ann, made)
        due = (datetime.fromisoformat(delivery["next_at"]) - days.now()).total_seconds()
        if due > 60:
            await days.wait(due / 2)
            assert len(receiver.got) == before, "too early"
        await days.wait(due / 2 + 300)
        instants += [days.now()] * (len(receiver.got) - before)
        assert len(receiver.got) <= 11
    assert len(receiver.got) == schedule.TRIES == 11
    assert len(set(receiver.ids("broken"))) == 1
    hours = (instants[-1] - began).total_seconds() / 3600
    assert 72 <= hours <= 72 * 1.4
    [delivery] = await log(ann, made)
    assert (delivery["state"], delivery["tries"]) == ("failed", 11)
    endpoint = await seen(ann, made)
    assert (endpoint["state"], endpoint["paused_reason"]) == ("paused", "failing")
    [notice] = (await ann.api.get("/notifications")).json()["data"]
    assert notice["kind"] == "webhook_paused"
    assert (await bo.api.get("/notifications")).json()["data"] == []
    mails = [mail for mail in runtime.mailer.inbox.newest() if made["url"] in mail.subject]
    assert [mail.to for mail in mails] == [f"ann@{ann.tenant.slug}.test"]


async def test_the_receiver_may_ask_for_more_time(
    ann: Person, receiver: Receiver, hook: Make, days: Days
) -> None:
    made = await hook(ann, "busy", events=["customer.created"])
    await customer(ann)
    await days.wait()
    await days.wait(800)
    assert len(receiver.got) == 1
    await days.wait(120)
    assert len(receiver.got) == 2
    assert (await seen(ann, made))["state"] == "active"


async def test_gone_pauses_at_once_and_resuming_chooses_about_what_was_held(
    ann: Person, receiver: Receiver, hook: Make, days: Days
) -> None:
    made = await hook(ann, "gone", events=["customer.created"])
    await customer(ann, "One")
    await days.wait()
    assert (await seen(ann, made))["paused_reason"] == "gone"
    await customer(ann, "Two")
    await days.wait()
    assert [one["state"] for one in await log(ann, made)] == ["held", "held"]
    assert len(receiver.got) == 1
    receiver.turns["gone"] = ["ok"] * 9
    await tell(ann, made, "resume", backlog="send")
    await days.wait()
    assert [one["state"] for one in await log(ann, made)] == ["delivered", "delivered"]
    await tell(ann, made, "pause")
    await customer(ann, "Three")
    await days.wait()
    await tell(ann, made, "resume", backlog="skip")
    await customer(ann, "Four")
    await days.wait()
    labels = [one.json["data"]["label"] for one in receiver.got]
    assert labels[1:3] in (["One", "Two"], ["Two", "One"])
    assert labels[3:] == ["Four"]
    assert [one["state"] for one in await log(ann, made)][:2] == ["delivered", "skipped"]


async def test_two_secrets_sign_while_one_replaces_the_other(
    ann: Person, receiver: Receiver, hook: Make, days: Days
) -> None:
    made = await hook(ann, events=["customer.created"])
    old = made["secret"]
    new = (await tell(ann, made, "rotate", overlap_hours=2))["secret"]
    await customer(ann)
    await days.wait()
    assert len(receiver.got[0].headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        receiver.got[0].verified(secret)
    days.clock.advance(2 * 3600 + 1)
    await customer(ann)
    await days.wait()
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1
    last = (await tell(ann, made, "rotate", overlap_hours=0))["secret"]
    await customer(ann)
    await days.wait()
    assert len(receiver.got[2].headers["webhook-signature"].split()) == 1
    assert len({old, new, last}) == 3


async def test_made_up_events_look_like_real_ones_and_go_out_even_while_paused(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, events=["deal.*", "customer.created"])
    await tell(ann, made, "pause")
    await tell(ann, made, "test")
    await drain()
    bodies = {one.json["type"]: one.verified(made["secret"]) for one in receiver.got}
    assert {"deal.won", "deal.created", "customer.created"} <= bodies.keys()
    assert bodies["deal.won"]["data"]["data"]["amount_minor"] == 12_800_000
    won = await tell(ann, made, "test", event="deal.won")
    assert [one["event_name"] for one in won["data"]] == ["deal.won"]
    refused = await ann.api.post(f"/webhooks/{made['id']}/test", json={"event": "task.created"})
    assert refused.status_code == 422
    assert all(one["is_test"] for one in await log(ann, made))


async def test_a_made_up_event_is_tried_once_and_says_nothing_about_the_endpoint(
    ann: Person, receiver: Receiver, hook: Make, days: Days
) -> None:
    made = await hook(ann, "gone", events=["deal.won"])
    await tell(ann, made, "test", event="deal.won")
    await days.wait()
    await days.wait(100_000)
    assert len(receiver.got) == 1
    assert [(one["state"], one["tries"]) for one in await log(ann, made)] == [("failed", 1)]
    endpoint = await seen(ann, made)
    assert (endpoint["state"], endpoint["failing_since"]) == ("active", None)


async def test_one_or_many_are_sent_again_under_the_same_id(
    ann: Person, receiver: Receiver, hook: Make, days: Days
) -> None:
    made = await hook(ann, events=["customer.created"])
    since = days.now().isoformat()
    for name in ("One", "Two", "Three"):
        await customer(ann, name)
    await days.wait()
    days.clock.advance(1)
    first = (await log(ann, made))[0]
    again = await ann.api.post(f"/deliveries/{first['id']}/resend")
    assert again.json()["state"] == "pending"
    await days.wait()
    assert receiver.ids().count(first["message_id"]) == 2
    nothing = await tell(ann, made, "resend", since=since, which="failed")
    assert nothing["job_id"]
    days.clock.advance(1)
    await days.wait()
    assert len(receiver.got) == 4
    await tell(ann, made, "resend", since=since, which="all")
    await days.wait()
    assert len(receiver.got) == 7
    assert len(set(receiver.ids())) == 3
    wrong = await ann.api.post(f"/webhooks/{made['id']}/resend", json={"since": since, "until": since})
    assert wrong.status_code == 422
    await tell(ann, made, "pause")
    assert (await ann.api.post(f"/deliveries/{first['id']}/resend")).status_code == 409


async def test_an_address_that_may_not_be_called_is_refused_and_never_reached(
    ann: Person, receiver: Receiver, runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "http", Outbound())
    port = receiver.port
    for url in (
        f"http://127.0.0.1:{port}/ok",
        "https://127.0.0.1/ok",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3:8443/",
        f"https://example.com:{port}/",
        "https://user:secret@example.com/",
        "ftp://example.com/",
    ):
        answer = await ann.api.post("/webhooks", json={"url": url})
        assert answer.status_code in (400, 422), url
    made = (await ann.api.post("/webhooks", json={"url": "https://localhost/ok"})).json()
    await customer(ann)
    await drain()
    [delivery] = await log(ann, made)
    assert (delivery["state"], delivery["last_error"]) == ("pending", "the address is not allowed")
    assert receiver.connections == 0


async def test_in_a_copy_of_the_workspace_nothing_goes_out_before_there_is_a_new_secret(
    ann: Person, zed: Person, receiver: Receiver, hook: Make, days: Days, runtime: Runtime
) -> None:
    """A copy, a sandbox for one, has the rows and not the key."""
    made = await hook(ann, events=["customer.created"])
    async with zed.acting() as ctx:
        sealed = signing.seal(ctx, UUID(made["id"]), "whsec_foreign")
    async with runtime.open(ann.tenant) as ctx:
        await ctx.session.execute(update(Endpoint).values(secret=sealed))
    await customer(ann)
    await days.wait()
    assert receiver.connections == 0
    assert (await seen(ann, made))["paused_reason"] == "copied"
    assert (await ann.api.get("/notifications")).json()["data"] == []
    await tell(ann, made, "test", event="customer.created")
    await asyncio.wait_for(days.wait(), 200)
    assert [one["state"] for one in await log(ann, made)] == ["skipped", "held"]
    secret = (await tell(ann, made, "rotate"))["secret"]
    await tell(ann, made, "resume", backlog="send")
    await days.wait()
    [got] = receiver.got
    got.verified(secret)
