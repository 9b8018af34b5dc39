from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from core.access.models import Member
from core.access.schema import MemberPatch
from core.access.service import update_member
from core.kernel.events import ActorRef, Stored
from core.kernel.events.models import EventListener
from core.kernel.ids import uuid7
from core.runtime import Runtime
from core.webhooks import choosing, conditions, rights
from core.webhooks.models import Endpoint
from tests.core.webhooks.acting import customer, log, seen, tell
from tests.core.webhooks.conftest import Days, Drain, Make
from tests.core.webhooks.receiver import Receiver
from tests.fixtures.people import Person

WON = Stored(
    id=uuid7(),
    name="deal.won",
    version=1,
    record_type="deal",
    record_id=uuid7(),
    occurred_at=datetime.now(UTC),
    actor=ActorRef(kind="member", name="Ann"),
    label="Annual supply",
    data={
        "amount_minor": 1_000_000,
        "currency": "CNY",
        "tags": ["vip", "2027"],
        "due": "2027-03-01",
        "note": "",
    },
    changes={"stage": ["Offer", "Won"], "amount_minor": [1, 2]},
)


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("amount_minor >= 1000000", True),
        ("amount_minor > 1000000", False),
        ("amount_minor < 2e6", True),
        ("amount_minor = 1000000.0", True),
        ("data.amount_minor <= 1000000", True),
        ("changes.amount_minor = 2", True),
        ("currency = cny", True),
        ("currency != CNY", False),
        ("currency in USD, CNY", True),
        ("currency in USD, EUR", False),
        ("label contains supply", True),
        ("label starts annual", True),
        ("label starts supply", False),
        ("tags contains VIP", True),
        ("tags = 2027", True),
        ("stage = Won", True),
        ("stage changed", True),
        ("owner_id changed", False),
        ("note empty", True),
        ("note notempty", False),
        ("nobody empty", True),
        ("nobody = 1", False),
        ("nobody != 1", True),
        ("nobody > 1", False),
        ("label > 5", False),
        ("due >= 2027-01-31", True),
        ("due < 2027-03-01", False),
        ("due > 2027-02-28T10:00", True),
        ("actor.name = Ann", True),
        ("actor.kind.more = Ann", False),
    ],
)
def test_a_condition(line: str, holds: bool) -> None:
    [read] = conditions.read(line)
    assert conditions.check([read]) == []
    assert conditions.fits([msgspec.to_builtins(read)], WON) is holds
    assert conditions.read(conditions.write([msgspec.to_builtins(read)])) == [read]


def test_all_conditions_must_hold() -> None:
    both = msgspec.to_builtins(conditions.read("currency = CNY\n\n  amount_minor > 5  "))
    assert conditions.fits(both, WON)
    assert not conditions.fits([*both, {"field": "label", "op": "empty"}], WON)
    assert conditions.fits([], WON)


@pytest.mark.parametrize(
    "line", ["amount_minor", "amount >=", "a changed 5", "a ~ 5", "A = 5", "1a = 5", "a= 5"]
)
def test_what_is_no_condition_is_said(line: str) -> None:
    with pytest.raises(Exception, match="attention") as caught:
        conditions.read(f"currency = CNY\n{line}\nb b b")
    assert len(caught.value.errors) == 2  # type: ignore[attr-defined]


async def test_all_that_is_wrong_is_said_at_once(ann: Person, receiver: Receiver) -> None:
    answer = await ann.api.post(
        "/webhooks",
        json={
            "url": "http://10.0.0.1/x",
            "events": ["nothing.*", "deal.won", "deal.lost.too"],
            "conditions": [{"field": "a b", "op": "gt", "value": "much"}, {"field": "a", "op": "eq"}],
        },
    )
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [
        "events",
        "events",
        "conditions.0.field",
        "conditions.0.value",
        "conditions.1.value",
        "url",
    ]
    assert (await ann.api.get("/webhooks")).json()["data"] == []
    assert (await ann.api.post("/webhooks", json={"url": receiver.url(), "events": []})).status_code == 422


async def test_only_chosen_events_that_meet_the_conditions_go_out(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    wanted = [{"field": "label", "op": "starts", "value": "Blue"}]
    await hook(ann, "family", events=["customer.*"], conditions=wanted)
    await hook(ann, "one", events=["customer.deleted"])
    await hook(ann, "all", events=["*"])
    blue, red = await customer(ann, "Blue Harbor"), await customer(ann, "Red Lantern")
    for one in (blue, red):
        await ann.api.delete(f"/customers/{one['id']}")
    await drain()
    told = {
        path: sorted((o.json["type"], o.json["data"]["label"]) for o in receiver.got if o.path == path)
        for path in ("family", "one", "all")
    }
    assert told["family"] == [("customer.created", "Blue Harbor"), ("customer.deleted", "Blue Harbor")]
    assert told["one"] == [("customer.deleted", "Blue Harbor"), ("customer.deleted", "Red Lantern")]
    assert len(told["all"]) == 4
    assert not any(kind.startswith("webhook.") for kind, _ in told["all"])


async def test_two_workspaces_know_nothing_of_each_other(
    ann: Person, zed: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    ours, theirs = await hook(ann, "ours"), await hook(zed, "theirs")
    await customer(ann, "Ours")
    await customer(zed, "Theirs")
    await drain()
    labels = {
        path: [o.json["data"]["label"] for o in receiver.got if o.path == path] for path in ("ours", "theirs")
    }
    assert labels == {"ours": ["Ours"], "theirs": ["Theirs"]}
    [delivery] = await log(zed, theirs)
    for method, path in (
        ("GET", f"/webhooks/{theirs['id']}"),
        ("PATCH", f"/webhooks/{theirs['id']}"),
        ("DELETE", f"/webhooks/{theirs['id']}"),
        ("GET", f"/webhooks/{theirs['id']}/deliveries"),
        ("GET", f"/deliveries/{delivery['id']}"),
        ("POST", f"/deliveries/{delivery['id']}/resend"),
    ):
        body = {"json": {}} if method == "PATCH" else {}
        assert (await ann.api.request(method, path, **body)).status_code == 404, path
    assert (await seen(ann, ours))["state"] == "active"


async def test_what_the_member_behind_it_may_not_see_never_leaves(
    ann: Person, bo: Person, receiver: Receiver, hook: Make, drain: Drain, runtime: Runtime
) -> None:
    made = await hook(ann, events=["*"])
    async with runtime.open(ann.tenant) as ctx:
        await ctx.session.execute(update(Endpoint).values(member_id=bo.member_id))
    await customer(ann, "Hers")
    await customer(ann, "His", owner_id=str(bo.member_id))
    async with ann.acting() as ctx:
        await update_member(ctx, await ctx.session.get_one(Member, bo.member_id), MemberPatch(title="Sales"))
    await drain()
    assert [one.json["data"]["label"] for one in receiver.got] == ["His"]
    await ann.api.patch(f"/webhooks/{made['id']}", json={"description": "mine again"})
    await customer(ann, "Hers too")
    await drain()
    assert [one.json["data"]["label"] for one in receiver.got] == ["His", "Hers too"]


async def test_a_key_lends_no_more_than_its_scopes(ann: Person, runtime: Runtime) -> None:
    async with ann.acting() as ctx:
        bounds = dict.fromkeys(ctx.actor.grants, "none") | {"customers.view": "all"}
        endpoint: Any = SimpleNamespace(member_id=ann.member_id, bounds=bounds)
        reader = await rights.reader(ctx, endpoint)
        assert reader is not None
        of_customer = msgspec.structs.replace(WON, record_type="customer")
        assert await rights.seen(ctx, reader, [WON, of_customer]) == [of_customer]
        endpoint.bounds = None
        reader = await rights.reader(ctx, endpoint)
        assert reader is not None
        assert len(await rights.seen(ctx, reader, [WON, of_customer])) == 2


async def test_it_is_paused_when_the_member_behind_it_leaves(
    ann: Person, mia: Person, receiver: Receiver, hook: Make, drain: Drain, runtime: Runtime
) -> None:
    made = await hook(ann, events=["customer.created"])
    async with runtime.open(ann.tenant) as ctx:
        await ctx.session.execute(update(Endpoint).values(member_id=mia.member_id))
        await ctx.session.execute(update(Member).where(Member.id == mia.member_id).values(active=False))
    await customer(ann)
    await drain()
    endpoint = await seen(ann, made)
    assert (endpoint["state"], endpoint["paused_reason"]) == ("paused", "rights")
    assert receiver.got == []


async def left(ann: Person, mia: Person) -> None:
    """Let Mia answer for all webhooks, and leave."""
    async with ann.runtime.open(ann.tenant) as ctx:
        await ctx.session.execute(update(Endpoint).values(member_id=mia.member_id))
        await ctx.session.execute(update(Member).where(Member.id == mia.member_id).values(active=False))


async def test_nothing_is_lost_while_nobody_answers_for_it(
    ann: Person, mia: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, events=["customer.created"])
    await left(ann, mia)
    for name in ("First", "Second"):
        await customer(ann, name)
        await drain()
    assert [(one["label"], one["state"]) for one in await log(ann, made)] == [
        ("Second", "held"),
        ("First", "held"),
    ]
    path = f"/settings/webhooks/{made['id']}"
    refused = await ann.post(f"{path}/resume", {"backlog": "send"})
    assert refused.status_code == 409
    assert "Save it anew" in refused.text
    assert (await ann.api.post(f"/webhooks/{made['id']}/resume", json={})).json()["code"] == "webhook.nobody"
    saved = await ann.post(f"{path}/edit", {"url": made["url"], "events": "customer.created"})
    assert saved.status_code == 303, "as it is: that somebody answers for it suffices"
    endpoint = await seen(ann, made)
    assert (endpoint["state"], endpoint["member_id"]) == ("paused", str(ann.member_id))
    await customer(ann, "Third")
    await drain()
    assert receiver.got == []
    assert (await ann.post(f"{path}/resume", {"backlog": "send"})).status_code == 303
    await drain()
    assert sorted(one.json["data"]["label"] for one in receiver.got) == ["First", "Second", "Third"]


async def test_what_waits_is_told_as_far_as_who_answers_then_may_see(
    ann: Person, bo: Person, mia: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, events=["customer.created"])
    await left(ann, mia)
    await customer(ann, "Hers")
    await customer(ann, "His", owner_id=str(bo.member_id))
    await drain()
    async with ann.runtime.open(ann.tenant) as ctx:
        await ctx.session.execute(update(Endpoint).values(member_id=bo.member_id))
    await tell(ann, made, "resume")
    await drain()
    assert [one.json["data"]["label"] for one in receiver.got] == ["His"]
    assert [one["state"] for one in await log(ann, made)] == ["delivered", "skipped"]


@pytest.mark.parametrize("is_paused", [False, True])
async def test_what_waits_when_the_member_behind_it_leaves_is_held(
    ann: Person, mia: Person, receiver: Receiver, hook: Make, days: Days, is_paused: bool
) -> None:
    receiver.turns["ok"] = ["broken", "ok"]
    made = await hook(ann, events=["customer.created"])
    await customer(ann)
    await days.wait()
    assert [one["state"] for one in await log(ann, made)] == ["pending"]
    if is_paused:
        await tell(ann, made, "pause")
    await left(ann, mia)
    await days.wait(3600)
    assert len(receiver.got) == 1
    assert [one["state"] for one in await log(ann, made)] == ["held"]
    if is_paused:
        await customer(ann)
        await days.wait()
        assert [one["state"] for one in await log(ann, made)] == ["held", "held"]
    reason = (await seen(ann, made))["paused_reason"]
    assert reason == ("manual" if is_paused else "rights")
    await ann.api.patch(f"/webhooks/{made['id']}", json={"description": "Mine now"})
    await tell(ann, made, "resume")
    await days.wait()
    assert {one["state"] for one in await log(ann, made)} == {"delivered"}


async def test_events_of_a_module_that_was_switched_off_stop(
    ann: Person,
    receiver: Receiver,
    hook: Make,
    drain: Drain,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await hook(ann, "broken", events=["*"])
    await customer(ann)
    await drain()
    assert len(receiver.got) == 1
    module = runtime.registry.modules["customers"]
    monkeypatch.setattr(module, "manifest", msgspec.structs.replace(module.manifest, kind="optional"))
    async with ann.ctx() as ctx:
        assert "customer.created" not in choosing.offered(ctx)
        assert choosing.check(ctx, ["customer.*"])
    [delivery] = await log(ann, made)
    assert (await ann.api.get(f"/deliveries/{delivery['id']}")).json()["request"] is None
    await ann.api.post(f"/deliveries/{delivery['id']}/resend")
    await drain()
    assert [one["state"] for one in await log(ann, made)] == ["skipped"]
    assert len(receiver.got) == 1


async def test_a_workspace_listens_only_while_it_has_a_webhook(
    ann: Person, hook: Make, drain: Drain, runtime: Runtime
) -> None:
    async def listens() -> bool:
        async with runtime.open(ann.tenant) as ctx:
            return bool((await ctx.session.scalars(select(EventListener.subscriber))).all())

    assert not await listens()
    first, second = await hook(ann), await hook(ann)
    assert await listens()
    await ann.api.delete(f"/webhooks/{first['id']}")
    assert await listens()
    await ann.api.delete(f"/webhooks/{second['id']}")
    assert not await listens()


async def test_who_may(ann: Person, bo: Person, rea: Person, mia: Person, hook: Make) -> None:
    made = await hook(ann)
    for person in (bo, rea, mia):
        assert (await person.api.get("/webhooks")).status_code == 403
        assert (await person.api.post("/webhooks", json={"url": "https://example.com"})).status_code == 403
        assert (await person.page.get(person.w("/settings/webhooks"))).status_code == 403
    names = [one["name"] for one in (await ann.api.get("/webhooks/events")).json()["data"]]
    assert "deal.won" in names
    assert not [name for name in names if name.startswith("webhook.")]
    await tell(ann, made, "pause")
    await tell(ann, made, "pause")
    audit = (await ann.api.get("/changes", params={"types": "webhook"})).json()["data"]
    assert audit == [] or {one["name"] for one in audit} <= {"webhook.created", "webhook.paused"}


async def test_there_may_be_twenty(ann: Person, hook: Make, receiver: Receiver) -> None:
    for _ in range(20):
        await hook(ann)
    assert (await ann.api.post("/webhooks", json={"url": receiver.url()})).status_code == 409
