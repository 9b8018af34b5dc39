"""What tests of webhooks do over and over."""

from __future__ import annotations

from typing import Any

from tests.fixtures.people import Person


async def customer(person: Person, name: str = "Blue Harbor", **values: Any) -> dict[str, Any]:
    """Make something happen."""
    answer = await person.api.post("/customers", json={"name": name, **values})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def log(person: Person, made: dict[str, Any], **question: Any) -> list[dict[str, Any]]:
    """The deliveries of a webhook, newest first."""
    answer = await person.api.get(f"/webhooks/{made['id']}/deliveries", params=question)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def seen(person: Person, made: dict[str, Any]) -> dict[str, Any]:
    """A webhook as it is now."""
    found: dict[str, Any] = (await person.api.get(f"/webhooks/{made['id']}")).json()
    return found


async def tell(person: Person, made: dict[str, Any], what: str, **data: Any) -> dict[str, Any]:
    """Do something with a webhook."""
    answer = await person.api.post(f"/webhooks/{made['id']}/{what}", json=data)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found
