"""Joining by the domain of one's address: named, proved, open to confirmed addresses alone, closed again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenants.accounts.models import Account
from tenants.invitations import jobs
from tests.fixtures.people import Person
from tests.tenants.invitations.test_invitations import account, browser, members

CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The TXT records of the world."""
    records: dict[str, list[str]] = {}

    async def txt_records(domain: str) -> list[str]:
        return records.get(domain, [])

    monkeypatch.setattr(jobs, "txt_records", txt_records)
    return records


async def named(ann: Person, domain: str = "shop.test", **more: Any) -> dict[str, Any]:
    answer = await ann.api.post("/invitations/domains", json={"domain": domain, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def proved(ann: Person, zone: dict[str, list[str]], drain: Any, **more: Any) -> dict[str, Any]:
    made = await named(ann, **more)
    zone[made["domain"]] = ["v=spf1 -all", made["record"]]
    assert (await ann.api.post(f"/invitations/{made['id']}/check")).status_code == 202
    await drain()
    [found] = [one for one in (await ann.api.get("/invitations")).json()["data"] if one["domain"]]
    assert found["proved_at"]
    return made


async def confirm(ann: Person, person: Account, **values: Any) -> None:
    async with ann.runtime.control() as control:
        found = await control.session.get_one(Account, person.id)
        found.verified_at = control.now()
        for name, value in values.items():
            setattr(found, name, value)


async def test_a_confirmed_address_of_a_proved_domain_joins(ann, app, zone, drain) -> None:
    made = await proved(ann, zone, drain, role="readonly")
    assert made["url"] is None
    dee, session = await account(ann, "dee@shop.test")
    async with await browser(ann, app, session) as client:
        page = await client.get("/workspaces")
        assert "Join" not in page.text, "the address is not confirmed"
        form = {"_csrf": CSRF.search(page.text)[1]}
        assert (await client.post(f"/workspaces/{made['id']}/join", data=form)).status_code == 404
        await confirm(ann, dee)
        assert "Join" in (await client.get("/workspaces")).text
        joined = await client.post(f"/workspaces/{made['id']}/join", data=form)
        assert joined.headers["location"] == ann.w()
        assert (await client.get(ann.w("/customers"))).status_code == 200
        again = await client.post(
            f"/workspaces/{made['id']}/join",
            data={"_csrf": CSRF.search((await client.get("/workspaces")).text)[1]},
        )
        assert again.status_code == 404
    [member] = await members(ann, "dee@shop.test")
    assert member.role == "readonly"


async def test_claims_other_domains_and_strangers_are_kept_out(ann, app, zone, drain, stranger) -> None:
    made = await proved(ann, zone, drain)
    for email, values in (("x@evil.test", {}), ("y@sub.shop.test", {}), ("z@shop.test", {"verify_by": True})):
        person, session = await account(ann, email)
        async with ann.runtime.control() as control:
            until = control.now()
        await confirm(ann, person, **dict.fromkeys(values, until))
        async with await browser(ann, app, session) as client:
            page = await client.get("/workspaces")
            assert "Acme" not in page.text
            form = {"_csrf": CSRF.search(page.text)[1]}
            assert (await client.post(f"/workspaces/{made['id']}/join", data=form)).status_code == 404
    assert (await stranger.get("/workspaces")).headers["location"].startswith("/login")
    assert (await stranger.post(f"/workspaces/{made['id']}/join")).headers["location"].startswith("/login")


async def test_a_domain_without_its_record_opens_nothing_and_closes_again(ann, app, zone, drain) -> None:
    made = await named(ann)
    person, session = await account(ann, "dee@shop.test")
    await confirm(ann, person)
    zone["shop.test"] = ["guanxi-domain=somebody-else"]
    assert (await ann.api.post(f"/invitations/{made['id']}/check")).status_code == 202
    await drain()
    async with await browser(ann, app, session) as client:
        assert "Acme" not in (await client.get("/workspaces")).text
        zone["shop.test"] = [made["record"]]
        await ann.post(f"/settings/invitations/{made['id']}/check")
        await drain()
        assert "Acme" in (await client.get("/workspaces")).text
        zone.clear()
        await ann.post(f"/settings/invitations/{made['id']}/check")
        await drain()
        assert "Acme" not in (await client.get("/workspaces")).text


async def test_what_can_be_named(ann, bo) -> None:
    await named(ann)
    twice = await ann.api.post("/invitations/domains", json={"domain": "shop.test"})
    assert (twice.status_code, twice.json()["code"]) == (409, "domain.named")
    for domain in ("qq.com", "nonsense", "-x.test", "UPPER.test", "shop.test."):
        assert (await ann.api.post("/invitations/domains", json={"domain": domain})).status_code == 422, (
            domain
        )
    assert (await bo.api.post("/invitations/domains", json={"domain": "b.test"})).status_code == 403
    made = await ann.post("/settings/invitations/domains", {"domain": "Ann@Other.test", "role": "member"})
    assert made.status_code == 303
    page = (await ann.page.get(ann.w("/settings/invitations"))).text
    assert "_guanxi.other.test" in page
    wrong = await ann.post("/settings/invitations/domains", {"domain": "gmail.com", "role": "member"})
    assert wrong.status_code == 422
    link = (await ann.api.post("/invitations/links", json={})).json()
    assert (await ann.api.post(f"/invitations/{link['id']}/check")).status_code == 404


async def test_the_token_behind_a_domain_is_no_link(ann, stranger, zone, drain) -> None:
    made = await proved(ann, zone, drain)
    assert (await stranger.get(f"/join/{made['record'].partition('=')[2]}")).status_code == 404
    assert (await ann.api.delete(f"/invitations/{made['id']}")).status_code == 204
    assert (await ann.api.post(f"/invitations/{made['id']}/check")).status_code == 404


async def test_whoever_was_shown_the_door_does_not_come_back_by_the_domain(ann, bo, zone, drain) -> None:
    made = await proved(ann, zone, drain, domain="acme.test")
    async with ann.runtime.control() as control:
        await confirm(ann, await control.session.get_one(Account, bo.account_id))
    assert (await ann.post(f"/settings/members/{bo.member_id}/leave")).status_code == 303
    await drain()
    refused = await bo.page.post(f"/workspaces/{made['id']}/join", data={"_csrf": bo.csrf})
    assert refused.status_code == 403
