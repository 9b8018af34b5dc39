"""Every write, sent again under the same key: the same answer, one effect; under the key of another body: refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.routes import API, Call
from tests.contract.samples import sample
from tests.contract.world import Side, World

KEPT_TABLES = frozenset({"idempotency"})


def writes(world: World) -> list[Call]:
    """The JSON writes that are undone by nothing: creating, changing and acting, without deletion."""
    found = [
        call for call in world.calls if call.is_api and call.is_guarded and call.method in {"POST", "PATCH"}
    ]
    return [call for call in found if "bulk" not in call.template]


async def send(call: Call, side: Side, body: dict[str, Any] | None, *, key: str) -> httpx.Response:
    known = {name: (side.ids.get(call.folder(name)) or [str(uuid4())])[-1] for name in call.ids}
    path = call.address({**{name: call.word(name) for name in call.words}, **known}).removeprefix(API)
    return await side.owner.api.request(call.method, path, json=body, headers={"Idempotency-Key": key})


@pytest.mark.usefixtures("as_it_was")
async def test_a_write_that_is_sent_again_is_answered_again_and_done_once(world: World) -> None:
    side, wrong, done = world.ours, [], 0
    for call in writes(world):
        body = sample(call.body, side.ids, full=call.method == "POST") if call.body else None
        key = str(uuid4())
        first = await send(call, side, body, key=key)
        if first.status_code >= 300:
            continue
        before = world.checksum(side)
        again = await send(call, side, body, key=key)
        if call.opt.get("secret"):
            is_refused = again.status_code == 409 and again.json()["code"] == "idempotency.once"
            wrong += (
                []
                if is_refused and world.checksum(side) == before
                else [f"{call}: shown twice or done twice"]
            )
            continue
        faults = []
        if (again.status_code, again.content) != (first.status_code, first.content):
            faults.append(f"{again.status_code} {again.text[:200]} after {first.status_code}")
        if again.headers.get("idempotent-replayed") != "true":
            faults.append("not marked as a repetition")
        if again.headers.get("etag") != first.headers.get("etag"):
            faults.append("another ETag")
        if world.checksum(side) != before:
            faults.append("done twice")
        other = await send(call, side, {**(body or {}), "other": 1}, key=key)
        codes = [error["code"] for error in other.json().get("errors", ())]
        if other.status_code != 422 and not (other.status_code == 400 and call.body):
            faults.append(f"another body under the key: {other.status_code} {codes}")
        wrong += [f"{call}: {fault}" for fault in faults]
        done += 1
    assert not wrong, "\n" + "\n".join(wrong)
    assert done > 10


async def test_a_refused_write_may_be_mended_under_its_key(world: World) -> None:
    api, key = world.ours.owner.api, str(uuid4())
    headers = {"Idempotency-Key": key}
    assert (await api.post("/customers", json={"name": ""}, headers=headers)).status_code == 422
    assert (await api.post("/customers", json={"name": "华光"}, headers=headers)).status_code == 201


async def test_a_key_belongs_to_one_principal_and_one_route(world: World) -> None:
    key, body = str(uuid4()), {"name": "恒信"}
    headers = {"Idempotency-Key": key}
    found = [
        (await person.api.post("/customers", json=body, headers=headers)).json()["id"]
        for person in (world.ours.owner, world.ours.people["member"], world.theirs.owner)
    ]
    assert len(set(found)) == 3


async def test_the_question_behind_the_path_belongs_to_what_was_sent(world: World) -> None:
    side, key = world.ours, {"Idempotency-Key": str(uuid4())}
    row = {"content": b'{"name": "Twice", "external_id": "twice-1"}', "headers": key}
    assert (await side.owner.api.post("/customers/bulk", **row)).status_code == 200
    again = await side.owner.api.post("/customers/bulk?upsert=1", **row)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "idempotency.payload")
