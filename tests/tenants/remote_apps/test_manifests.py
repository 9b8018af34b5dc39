"""Manifests: read by a worker, asked about by a page, and never wider by themselves; hostile ones harm nobody."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.kernel.clock import FrozenClock
from core.kernel.http import Outbound
from tenants.remote_apps import asking, jobs
from tenants.remote_apps.schema import AppParams, Nothing
from tests.tenants.remote_apps.conftest import KEY, SECRET, apps_of, asked


async def put_in(person, author, drain):
    answer = await person.post("/remote-apps/manifest", {"manifest_url": author.manifest_url})
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    assert "being read" in (await person.page.get(place)).text
    assert "being read" in (await person.page.get(f"{place}/state")).text
    await drain()
    assert (await person.page.get(f"{place}/state")).headers["location"] == place
    return place


async def agree(person, place):
    [app] = await apps_of(person)
    return await person.post(place.removeprefix(person.w("")), {"version": asking.mark(app.asked)})


async def test_a_manifest_asks_and_works_once_agreed_to(ann, author, drain):
    place = await put_in(ann, author, drain)
    shown = (await ann.page.get(place)).text
    for text in ("customers:read", "customer.created", "Parcels", "Agree"):
        assert text in shown, text
    answer = await agree(ann, f"{place}/agree")
    assert KEY.search(answer.text)
    assert SECRET.search(answer.text)
    assert await asked(ann, KEY.search(answer.text).group(0)) == 200
    [app] = await apps_of(ann)
    assert (app.state, app.name, app.asked) == ("active", "Shipping", None)
    for path in ("/edit",):
        assert (await ann.page.get(f"{place}{path}")).status_code == 409
    assert (await ann.api.patch(f"/remote-apps/{app.id}", json={"name": "x"})).status_code == 409


async def test_a_changed_manifest_asks_again_and_widens_nothing(ann, author, drain):
    place = await put_in(ann, author, drain)
    key = KEY.search((await agree(ann, f"{place}/agree")).text).group(0)
    author.publish(scopes=["customers:write", "contacts:read"], events=["*"])
    assert (await ann.post(f"{place.removeprefix(ann.w(''))}/read")).status_code == 303
    await drain()
    [app] = await apps_of(ann)
    assert app.granted["scopes"] == ["customers:read"]
    assert app.asked["scopes"] == ["contacts:read", "customers:write"]
    assert await asked(ann, key, "/contacts") == 403
    shown = (await ann.page.get(place)).text
    assert "asks for changes" in shown
    assert "contacts:read" in shown
    assert "Asks for changes" in (await ann.page.get(ann.w("/marketplace"))).text
    assert (await agree(ann, f"{place}/agree")).status_code == 303
    assert await asked(ann, key, "/contacts") == 200
    author.publish(scopes=["customers:read"])
    await ann.post(f"{place.removeprefix(ann.w(''))}/read")
    await drain()
    assert await asked(ann, key, "/contacts") == 200
    assert (await ann.post(f"{place.removeprefix(ann.w(''))}/decline")).status_code == 303
    assert await asked(ann, key, "/contacts") == 200


async def test_manifests_are_read_again_each_day(ann, author, drain, monkeypatch):
    await put_in(ann, author, drain)
    clock = FrozenClock(ann.runtime.clock.now())
    monkeypatch.setattr(ann.runtime, "clock", clock)
    author.publish(scopes=["contacts:read"])
    await jobs.read_all(ann.runtime, Nothing())
    [app] = await apps_of(ann)
    assert app.reading_since is None
    clock.advance(timedelta(days=1, minutes=1).total_seconds())
    await jobs.read_all(ann.runtime, Nothing())
    [app] = await apps_of(ann)
    assert app.reading_since is not None
    await jobs.read_manifest(ann.runtime, AppParams(app_id=app.id))
    [app] = await apps_of(ann)
    assert app.reading_since is None
    assert app.asked["scopes"] == ["contacts:read"]


async def refused(person, author, drain):
    """What the page says is wrong."""
    place = await put_in(person, author, drain)
    [app] = await apps_of(person)
    assert app.asked is None
    assert app.granted is None
    answer = await person.post(f"{place.removeprefix(person.w(''))}/agree", {"version": asking.mark(None)})
    assert answer.status_code == 409
    return {one["path"] for one in app.problems}, (await person.page.get(place)).text


async def test_what_is_wrong_with_a_manifest_is_said_at_once(ann, author, drain):
    author.publish(
        name="",
        scopes=7,
        panels=[{"on": "invoice", "title": "x" * 61, "url": "javascript:alert(1)"}],
        wants="all",
    )
    paths, _ = await refused(ann, author, drain)
    assert {"name", "scopes", "panels.0.on", "panels.0.title", "panels.0.url", "wants"} <= paths


async def test_what_a_manifest_names_must_be_there(ann, author, drain):
    author.publish(
        scopes=["boats:read", "customers:read"],
        events=["boat.sunk"],
        webhook_url="http://169.254.169.254/latest",
        panels=[{"on": "deal", "title": "x", "url": "http://localhost:1/"}],
    )
    paths, shown = await refused(ann, author, drain)
    assert paths == {"scopes", "events", "webhook_url", "panels.0.url"}
    assert "There is no scope boats:read." in shown


@pytest.mark.parametrize(
    ("body", "options", "said"),
    [
        (b"{" + b'"a":1,' * 20_000 + b'"b":1}', {}, "larger than 64 KB"),
        (b"[1, 2]", {}, "A manifest is a JSON object"),
        (b"<html>", {}, "not valid JSON"),
        (b"\xff\xfe\x00", {}, "not valid JSON"),
        (b"[" * 5000, {}, "not valid JSON"),
        (b'{"name": "a", "name": "b"}', {}, "has a field twice"),
        (b"", {"status": "302 Found", "headers": "Location: http://127.0.0.1:22/\r\n"}, "answered 302"),
        (b"", {"status": "500 Broken"}, "answered 500"),
    ],
)
async def test_hostile_documents_are_refused_in_words(ann, author, drain, body, options, said):
    author.publish(body, **options)
    paths, shown = await refused(ann, author, drain)
    assert len(paths) == 1
    assert said in shown
    assert author.server.connections == 1


async def test_no_manifest_is_fetched_from_within(ann, author, drain, monkeypatch):
    """By the policy of a real installation: public addresses, HTTPS."""
    monkeypatch.setattr(ann.runtime, "http", Outbound())
    _, shown = await refused(ann, author, drain)
    assert "must be public, reached by HTTPS" in shown
    assert author.server.connections == 0


async def test_an_address_that_does_not_answer_is_said(ann, author, drain):
    author.server.stop()
    _, shown = await refused(ann, author, drain)
    assert "did not answer" in shown


async def test_an_address_must_be_one(ann):
    answer = await ann.post("/remote-apps/manifest", {"manifest_url": "not an address"})
    assert answer.status_code == 422
    assert await apps_of(ann) == []


async def test_an_app_by_hand_has_no_manifest_to_read(ann, author):
    await ann.api.post("/remote-apps", json={"name": "x", "scopes": ["customers:read"]})
    [app] = await apps_of(ann)
    assert (await ann.post(f"/remote-apps/{app.id}/read")).status_code == 409


async def test_what_is_removed_while_it_is_read_stays_removed(ann, author, monkeypatch):
    await ann.post("/remote-apps/manifest", {"manifest_url": author.manifest_url})
    [app] = await apps_of(ann)
    fetched = jobs._fetched

    async def late(runtime, url):
        found = await fetched(runtime, url)
        await ann.post(f"/remote-apps/{app.id}/remove")
        return found

    monkeypatch.setattr(jobs, "_fetched", late)
    for _ in range(2):
        await jobs.read_manifest(ann.runtime, AppParams(app_id=app.id))
    assert await apps_of(ann) == []


async def test_a_webhook_that_does_not_fit_is_said_on_the_page(ann, author, drain, monkeypatch):
    monkeypatch.setattr("core.webhooks.service.MOST", 0)
    answer = await ann.post("/remote-apps/new", author.form())
    assert answer.status_code == 200
    await drain()
    [app] = await apps_of(ann)
    shown = (await ann.page.get(ann.w(f"/remote-apps/{app.id}"))).text
    assert "webhooks already" in shown


def test_a_document_is_read_or_all_of_it_refused():
    found = asking.of_document(json.dumps({"name": "x", "scopes": ["customers:read"]}).encode())
    assert found.scopes == ["customers:read"]
    assert asking.read(asking.stored(found)) == found
