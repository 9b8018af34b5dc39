from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tests.core.webhooks.receiver import Receiver
from tests.fixtures.people import Person

Drain = Callable[[], Awaitable[None]]
Make = Callable[..., Awaitable[dict[str, Any]]]


async def customer(person: Person, name: str = "Blue Harbor") -> dict[str, Any]:
    answer = await person.api.post("/customers", json={"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def log(person: Person, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.api.get(f"/webhooks/{made['id']}/deliveries")).json()["data"]
    return found


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
    assert [one["status"] for one in detail["attempts"]] == [204]
    with pytest.raises(WebhookVerificationError):
        got.verified("whsec_" + "A" * 44)
