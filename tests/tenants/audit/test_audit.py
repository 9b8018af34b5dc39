"""The audit log: both logs as one story, newest first, narrowed, paged, and as a file that runs nothing."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from core.kernel.ids import first_at, uuid7
from tenants.api_keys import service as keys


@pytest.fixture
async def story(ann):
    """A customer made, a key made, the customer renamed: what was done in the workspace and to it."""
    customer = (await ann.api.post("/customers", json={"name": "Halden", "industry": "Shipping"})).json()
    async with ann.runtime.control(ann.principal, address="203.0.113.9", request_id="r1") as control:
        wanted = keys.KeyIn(
            tenant_id=ann.tenant.id, member_id=ann.member_id, name="Shop", scopes=["customers:read"]
        )
        _, key = await keys.issue(control, wanted)
    await ann.api.patch(f"/customers/{customer['id']}", json={"name": "Halden AS"})
    return customer, key


async def asked(person, **params):
    answer = await person.api.get("/audit", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_both_logs_are_one_story(ann, story):
    _customer, _key = story
    found = (await asked(ann))["data"]
    assert [one["event"] for one in found[:3]] == ["customer.updated", "api_key.created", "customer.created"]
    changed, made, _ = found[:3]
    assert changed["source"] == "workspace"
    assert {"field": "name", "title": "Name", "before": "Halden", "after": "Halden AS"} in changed["changes"]
    assert made["title"] == "API key Shop was created"
    assert (made["source"], made["address"], made["member_id"]) == (
        "account",
        "203.0.113.9",
        str(ann.member_id),
    )


async def test_the_page_tells_it_in_the_readers_language(ann, story):
    customer, _ = story
    page = await ann.page.get(ann.w("/settings/audit"))
    assert "API key Shop was created" in page.text
    assert f"/customers/{customer['id']}" in page.text
    assert "203.0.113.9" in page.text


async def test_it_is_narrowed(ann, bo, story):
    customer, key = story
    await bo.api.post("/customers", json={"name": "Bo's"})

    async def names(**params):
        return {one["event"] for one in (await asked(ann, **params))["data"]}

    assert await names(what="api_key") == {"api_key.created"}
    assert await names(who=str(bo.member_id)) == {"customer.created"}
    assert await names(record=customer["id"]) == {"customer.created", "customer.updated"}
    assert await names(record=str(key.id)) == {"api_key.created"}
    assert await names(what="customer", record=customer["id"]) == {"customer.created", "customer.updated"}
    assert await names(key=str(uuid7())) == set()
    today = ann.runtime.clock.now().date()
    assert await names(until=str(today - timedelta(days=2))) == set()
    assert "customer.updated" in await names(since=str(today - timedelta(days=1)))
    assert await names(until="2099-12-31") >= {"customer.updated"}


async def test_it_is_paged_without_a_gap(ann, story):
    everything = [one["id"] for one in (await asked(ann, limit=200))["data"]]
    seen, after = [], None
    while True:
        page = await asked(ann, limit=1, **({"after": after} if after else {}))
        seen += [one["id"] for one in page["data"]]
        after = page["next"]
        if after is None:
            break
    assert seen == everything


async def test_the_page_has_a_next_one(ann):
    for number in range(51):
        await ann.api.post("/customers", json={"name": f"c{number}"})
    first = await ann.page.get(ann.w("/settings/audit?what=customer"))
    assert "after=" in first.text
    last = (await asked(ann, limit=50))["data"][-1]["id"]
    second = await ann.page.get(ann.w(f"/settings/audit?what=customer&after={last}"))
    assert "c0" in second.text
    assert second.status_code == 200


async def test_wrong_filters_are_told_all_at_once(ann):
    page = await ann.page.get(ann.w("/settings/audit?who=x&since=2026-02-31"))
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2


async def test_it_is_for_administrators(ann, mia, bo, story):
    for person in (mia, bo):
        assert (await person.page.get(person.w("/settings/audit"))).status_code == 403
        assert (await person.api.get("/audit")).status_code == 403
        assert (await person.post("/settings/audit/export")).status_code == 403
        assert (await person.api.post("/audit/exports", json={})).status_code == 403


async def test_nothing_of_another_workspace_is_in_it(ann, zed, story):
    customer, key = story
    assert (await asked(zed, record=customer["id"]))["data"] == []
    assert (await asked(zed, record=str(key.id)))["data"] == []
    assert "Shop" not in (await zed.page.get(zed.w("/settings/audit"))).text


async def test_as_a_file_it_is_complete_and_runs_nothing(ann, story, drain):
    await ann.api.post("/customers", json={"name": "=HYPERLINK(1)"})
    sent = await ann.post("/settings/audit/export", {"what": "customer"})
    export_id = sent.headers["location"].rpartition("/")[2]
    await drain()
    text = (await ann.page.get(ann.w(f"/exports/{export_id}/file"))).text
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows[0][:4] == ["When", "Who", "What", "Record"]
    assert [row[6] for row in rows[1:]] == ["customer.created", "customer.updated", "customer.created"]
    assert rows[1][3] == "'=HYPERLINK(1)"
    assert "Name: Halden → Halden AS" in rows[2][4]
    assert "export.finished" in {one["event"] for one in (await asked(ann))["data"]}
    assert "audit log" in (await ann.page.get(ann.w("/exports"))).text


async def test_a_program_gets_the_file_too(ann, story, drain):
    sent = await ann.api.post("/audit/exports", json={"query": "what=api_key"})
    assert sent.status_code == 202
    await drain()
    text = (await ann.api.get(f"/exports/{sent.json()['id']}/file")).text
    assert "API key Shop was created" in text


async def test_who_may_not_read_it_any_more_gets_no_file(ann, mia, story, drain):
    sent = await ann.api.post("/audit/exports", json={})
    await drain()
    run = sent.json()["id"]
    assert (await mia.api.get(f"/exports/{run}/file")).status_code == 404


def test_ids_tell_when_they_were_made():
    now = datetime.now(UTC)
    made = uuid7()
    assert first_at(now - timedelta(seconds=1)) < made < first_at(now + timedelta(seconds=1))
    assert first_at(datetime(1, 1, 2, tzinfo=UTC)).int >> 80 == 0
    assert first_at(now).version == 7


async def test_a_change_of_a_rate_is_told_in_its_digits(ann):
    deal = {"name": "Lamps", "currency": "EUR", "amount_minor": 100, "exchange_rate": "1234.5"}
    made = await ann.api.post("/deals", json=deal)
    assert made.status_code == 201, made.text
    changed = await ann.api.patch(f"/deals/{made.json()['id']}", json={"exchange_rate": "0.1234567891"})
    assert changed.status_code == 200, changed.text
    changes = [change for one in (await asked(ann))["data"] for change in one["changes"]]
    rates = [(one["before"], one["after"]) for one in changes if one["field"] == "exchange_rate"]
    assert rates == [("1,234.5", "0.1234567891")]
    assert "0.1234567891" in (await ann.page.get(ann.w("/settings/audit"))).text
