"""A proved domain is looked up by the calendar: told when its record is gone, closed days later, never by silence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import dns.resolver
import pytest
from sqlalchemy import select

from core.kernel.clock import FrozenClock
from core.tenancy.control_log import ControlEvent, ControlOutbox
from tenants.invitations import jobs, lookups
from tenants.invitations.jobs import watch_domains
from tenants.invitations.lookups import txt_records
from tenants.invitations.models import Invitation
from tenants.invitations.notices import GRACE
from tenants.invitations.schema import CHECK, Nothing
from tenants.invitations.service import revoke_of
from tests.fixtures.people import Person
from tests.tenants.invitations.test_domains import named

DAY = timedelta(days=1)


@dataclass
class Calendar:
    """Days that pass, with a name server that knows some records and sometimes does not answer."""

    ann: Person
    clock: FrozenClock
    drain: Callable[[], Awaitable[None]]
    records: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_silent: bool = False

    async def txt_records(self, domain: str) -> list[str]:
        self.asked.append(domain)
        if self.is_silent:
            raise dns.resolver.LifetimeTimeout(timeout=10, errors=[])
        return self.records.get(domain, [])

    async def look(self, *, after: timedelta = timedelta(0)) -> list[str]:
        """Let time pass and the schedule have its turn; gives the domains that were looked up."""
        self.clock.advance(after.total_seconds())
        self.asked.clear()
        await watch_domains(self.ann.runtime, Nothing())
        await self.drain()
        return list(self.asked)

    async def prove(self, domain: str = "shop.test") -> dict[str, Any]:
        made = await named(self.ann, domain)
        self.records[domain] = [made["record"]]
        assert (await self.ann.api.post(f"/invitations/{made['id']}/check")).status_code == 202
        await self.drain()
        assert (await self.row(made)).proved_at is not None
        return made

    async def row(self, made: dict[str, Any]) -> Invitation:
        async with self.ann.runtime.control() as control:
            return await control.session.get_one(Invitation, made["id"])

    async def told(self) -> list[str]:
        async with self.ann.runtime.control() as control:
            names = select(ControlEvent.name).where(ControlEvent.name.startswith("invitation.domain_"))
            return [*await control.session.scalars(names.order_by(ControlEvent.id))]

    async def page(self, person: Person) -> str:
        self.ann.runtime.directory.forget()
        return (await person.page.get(person.w("/settings"))).text


@pytest.fixture
def calendar(ann: Person, drain: Any, monkeypatch: pytest.MonkeyPatch) -> Calendar:
    clock = FrozenClock(ann.runtime.clock.now())
    monkeypatch.setattr(ann.runtime, "clock", clock)
    monkeypatch.setattr("tenants.api_keys.authentication.TTL_S", 0.0)
    made = Calendar(ann, clock, drain)
    monkeypatch.setattr(jobs, "txt_records", made.txt_records)
    return made


async def test_it_is_looked_up_a_week_later_and_stays_while_the_record_is_there(calendar: Calendar) -> None:
    made = await calendar.prove()
    assert await calendar.look(after=6 * DAY) == []
    assert await calendar.look(after=2 * DAY) == ["shop.test"]
    assert await calendar.look() == [], "not again before another week"
    row = await calendar.row(made)
    assert (row.missing_since, row.checked_at) == (None, calendar.clock.now())
    assert await calendar.told() == ["invitation.domain_proved"]


async def test_without_its_record_it_is_told_and_closes_after_some_days(
    calendar: Calendar, ann: Person, bo: Person
) -> None:
    made = await calendar.prove()
    calendar.records.clear()
    assert await calendar.look(after=8 * DAY) == ["shop.test"]
    row = await calendar.row(made)
    assert row.proved_at is not None, "it stays open for the grace"
    assert row.missing_since == calendar.clock.now()
    [shown] = [one for one in (await ann.api.get("/invitations")).json()["data"] if one["domain"]]
    assert shown["missing_since"]
    assert "The record that proves shop.test is gone" in await calendar.page(ann)
    assert "shop.test is gone" not in await calendar.page(bo), "only who can mend it is told"
    assert "Record is gone" in (await ann.page.get(ann.w("/settings/invitations"))).text
    assert await calendar.look() == [], "once a day is enough"
    await calendar.look(after=DAY + timedelta(hours=1))
    assert (await calendar.row(made)).missing_since == row.missing_since, "grace does not begin anew"
    await calendar.look(after=GRACE - DAY)
    assert (await calendar.row(made)).proved_at is None
    assert "shop.test is gone" not in await calendar.page(ann)
    assert await calendar.told() == [
        "invitation.domain_proved",
        "invitation.domain_missing",
        "invitation.domain_closed",
    ]
    assert await calendar.look(after=8 * DAY) == [], "what is not proved is nobody's to look up"


async def test_a_record_that_comes_back_in_time_is_all_it_takes(calendar: Calendar, ann: Person) -> None:
    made = await calendar.prove()
    records = dict(calendar.records)
    calendar.records.clear()
    await calendar.look(after=8 * DAY)
    calendar.records |= records
    await calendar.look(after=DAY + timedelta(hours=1))
    row = await calendar.row(made)
    assert row.missing_since is None
    assert row.proved_at is not None
    assert "shop.test is gone" not in await calendar.page(ann)
    assert "invitation.domain_closed" not in await calendar.told()


async def test_a_silent_name_server_closes_nothing(calendar: Calendar, ann: Person) -> None:
    made = await calendar.prove()
    calendar.is_silent = True
    assert await calendar.look(after=8 * DAY) == ["shop.test"]
    assert (await calendar.row(made)).missing_since is None
    async with ann.runtime.control() as control:
        assert not (await control.session.scalars(select(ControlOutbox).filter_by(job=CHECK))).all()
    assert (await ann.api.post(f"/invitations/{made['id']}/check")).status_code == 202
    await calendar.drain()
    async with ann.runtime.control() as control:
        [waiting] = (await control.session.scalars(select(ControlOutbox).filter_by(job=CHECK))).all()
        assert waiting.attempts > 0, "what a person asked for is tried again"


async def test_of_two_the_one_that_closes_first_is_named_and_ends_with_it(
    calendar: Calendar, ann: Person
) -> None:
    first = await calendar.prove("one.test")
    calendar.clock.advance(3600)
    await calendar.prove("two.test")
    calendar.records.clear()
    await calendar.look(after=7 * DAY - timedelta(minutes=30))
    await calendar.look(after=timedelta(hours=2))
    assert "proves one.test is gone" in await calendar.page(ann)
    assert (await ann.api.delete(f"/invitations/{first['id']}")).status_code == 204
    assert "proves two.test is gone" in await calendar.page(ann)
    async with ann.runtime.control() as control:
        await revoke_of(control, ann.tenant.id, ann.member_id)
    assert "is gone" not in await calendar.page(ann)


async def test_revoked_between_the_question_and_the_answer_it_stays_revoked(
    calendar: Calendar, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await calendar.prove()

    async def slow(domain: str) -> list[str]:
        assert (await ann.api.delete(f"/invitations/{made['id']}")).status_code == 204
        return []

    monkeypatch.setattr(jobs, "txt_records", slow)
    calendar.clock.advance((8 * DAY).total_seconds())
    await watch_domains(ann.runtime, Nothing())
    await calendar.drain()
    row = await calendar.row(made)
    assert (row.revoked_at, row.missing_since) == (calendar.clock.now(), None)


async def test_what_name_servers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    class Record:
        strings = (b"guanxi-domain=", b"abc")

    said: dict[str, Any] = {"there.test": [Record()], "none.test": dns.resolver.NXDOMAIN()}

    class Resolver:
        async def resolve(self, name: str, kind: str, *, lifetime: float) -> Any:
            assert kind == "TXT"
            found = said.get(name.removeprefix("_guanxi."), dns.resolver.NoNameservers())
            if isinstance(found, Exception):
                raise found
            return found

    monkeypatch.setattr(lookups.dns.asyncresolver, "Resolver", Resolver)
    assert await txt_records("there.test") == ["guanxi-domain=abc"]
    assert await txt_records("none.test") == []
    with pytest.raises(lookups.Unanswered):
        await txt_records("broken.test")
