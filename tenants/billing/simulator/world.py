"""The simulator's state: objects, events, a clock that can be moved, and what was answered to which key."""

from __future__ import annotations

import copy
import json
import os
import secrets
import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe import api_version

from tenants.billing.simulator.params import Problem

Object = dict[str, Any]
LETTERS = string.ascii_letters + string.digits
KINDS = {
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "subscription": "sub",
    "subscription_item": "si",
    "invoice": "in",
    "line_item": "il",
    "invoiceitem": "ii",
    "coupon": "co",
    "promotion_code": "promo",
    "discount": "di",
    "checkout.session": "cs_test",
    "billing_portal.session": "bps",
    "payment_method": "pm",
    "event": "evt",
    "test_helpers.test_clock": "clock",
}
DELIVERY = {"delay_s": 0.0, "duplicates": 0, "shuffle": False, "hold": False}
AFTER_RETRIES = "past_due"


class World:
    """Everything that the simulator knows; kept in a file where one is named."""

    def __init__(self, path: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.clock = clock
        self.address = ""
        self.offset = 0
        self.objects: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self.cards: dict[str, str] = {}
        self.pending: dict[str, list[Object]] = {}
        self.answers: dict[str, list[Any]] = {}
        self.outbox: list[str] = []
        self.delivery: dict[str, Any] = dict(DELIVERY)
        self.after_retries = AFTER_RETRIES
        self._at: int | None = None
        if path is not None and path.exists():
            self._restore(json.loads(path.read_text()))

    def now(self) -> int:
        """The simulated instant, in seconds."""
        return self._at if self._at is not None else int(self.clock()) + self.offset

    @contextmanager
    def at(self, instant: int) -> Iterator[None]:
        """Let things happen at an instant of their own."""
        before, self._at = self._at, instant
        try:
            yield
        finally:
            self._at = before

    def new(self, kind: str, **values: Any) -> Object:
        """Make and keep an object."""
        made = {"id": self.id(kind), "object": kind, "created": self.now(), "livemode": False, **values}
        made.setdefault("metadata", {})
        self.objects[kind][made["id"]] = made
        return made

    def id(self, kind: str) -> str:
        """A fresh id."""
        return f"{KINDS[kind]}_{''.join(secrets.choice(LETTERS) for _ in range(24))}"

    def get(self, kind: str, object_id: Any, *, param: str = "id") -> Object:
        """Find an object; raises Stripe's answer where there is none."""
        found = self.objects[kind].get(str(object_id))
        if found is None:
            name = kind.rpartition(".")[2]
            message = f"No such {name}: '{object_id}'"
            raise Problem(message, status=404 if param == "id" else 400, code="resource_missing", param=param)
        return found

    def all(self, kind: str, **wanted: Any) -> list[Object]:
        """The objects of a kind with these values, the newest first."""
        found = [
            item
            for item in self.objects[kind].values()
            if all(item.get(name) == value for name, value in wanted.items())
        ]
        return found[::-1]

    def emit(self, name: str, subject: Object) -> None:
        """Note that something happened, and have the webhook told."""
        event = self.new(
            "event",
            api_version=api_version,
            type=name,
            data={"object": copy.deepcopy(shown(subject))},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        event.pop("metadata")
        self.outbox.append(event["id"])

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take everything back where something fails inside."""
        kept = copy.deepcopy((self.objects, self.cards, self.pending, self.outbox))
        try:
            yield
        except Exception:
            self.objects, self.cards, self.pending, self.outbox = kept
            raise

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take everything back at the end."""
        kept = copy.deepcopy((self.objects, self.cards, self.pending, self.outbox))
        try:
            yield
        finally:
            self.objects, self.cards, self.pending, self.outbox = kept

    def save(self) -> None:
        """Write the state into its file, whole or not at all."""
        if self.path is None:
            return
        state = {name: getattr(self, name) for name in _KEPT}
        draft = self.path.with_suffix(".draft")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(state))
        os.replace(draft, self.path)

    def _restore(self, state: dict[str, Any]) -> None:
        for name in _KEPT:
            setattr(self, name, state[name])


_KEPT = ("offset", "objects", "cards", "pending", "answers", "outbox", "delivery", "after_retries")


def shown(subject: Object) -> Object:
    """An object as Stripe shows it: without what the simulator notes for itself."""
    return {name: value for name, value in subject.items() if not name.startswith("sim_")}


def listed(url: str, data: list[Object], limit: int = 10) -> Object:
    """A list as Stripe answers it."""
    return {"object": "list", "url": url, "has_more": len(data) > limit, "data": data[:limit]}
