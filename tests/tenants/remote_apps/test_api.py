"""The API of remote apps: a program asks, a person agrees; whatever stops an app a program may do."""

from __future__ import annotations

from tenants.remote_apps import asking
from tests.tenants.remote_apps.conftest import KEY, apps_of, asked, make

WANTED = {"name": "Ledger", "scopes": ["customers:read"], "home_url": "https://ledger.example"}


async def agreed(person, app_id):
    app = next(one for one in await apps_of(person) if str(one.id) == str(app_id))
    return await person.post(f"/remote-apps/{app_id}/agree", {"version": asking.mark(app.asked)})


async def test_a_program_asks_and_a_person_agrees(ann, author):
    answer = await ann.api.post("/remote-apps", json=WANTED)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["granted"]) == ("asked", None)
    assert made["asked"]["scopes"] == ["customers:read"]
    page = (await ann.page.get(ann.w(f"/remote-apps/{made['id']}"))).text
    assert "customers:read" in page
    key = KEY.search((await agreed(ann, made["id"])).text).group(0)
    assert await asked(ann, key) == 200
    assert (await ann.api.get(f"/remote-apps/{made['id']}")).json()["last_used_at"]


async def test_what_a_program_changes_waits_for_consent(ann, author):
    made = await make(ann, author)
    answer = await ann.api.patch(
        f"/remote-apps/{made.id}", json={"scopes": ["contacts:write"], "events": ["contact.created"]}
    )
    assert answer.status_code == 200
    assert answer.json()["granted"]["scopes"] == ["customers:read"]
    assert answer.json()["asked"]["scopes"] == ["contacts:write"]
    assert await asked(ann, made.key, "/contacts") == 403
    page = (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).text
    assert "contacts:write" in page
    assert (await agreed(ann, made.id)).status_code == 303
    assert await asked(ann, made.key, "/contacts") == 200
    assert await asked(ann, made.key) == 403


async def test_consent_is_to_what_was_seen(ann, author):
    made = await make(ann, author)
    await ann.api.patch(f"/remote-apps/{made.id}", json={"scopes": ["contacts:read"]})
    [app] = await apps_of(ann)
    seen = asking.mark(app.asked)
    await ann.api.patch(f"/remote-apps/{made.id}", json={"scopes": ["deals:write"]})
    answer = await ann.post(f"/remote-apps/{made.id}/agree", {"version": seen})
    assert answer.status_code == 409
    assert "Look at it again" in answer.text
    assert await asked(ann, made.key, "/deals") == 403


async def test_what_is_refused_changes_nothing(ann, author):
    made = await make(ann, author)
    await ann.api.patch(f"/remote-apps/{made.id}", json={"name": "Guanxi Security"})
    assert (await ann.post(f"/remote-apps/{made.id}/decline")).status_code == 303
    shown = (await ann.api.get(f"/remote-apps/{made.id}")).json()
    assert (shown["name"], shown["asked"]) == ("Shipping", None)
    answer = (await ann.api.post("/remote-apps", json=WANTED)).json()
    assert (await ann.post(f"/remote-apps/{answer['id']}/decline")).status_code == 303
    assert (await ann.api.get(f"/remote-apps/{answer['id']}")).status_code == 404


async def test_a_change_back_asks_for_nothing(ann, author):
    made = await make(ann, author)
    await ann.api.patch(f"/remote-apps/{made.id}", json={"summary": "Other"})
    again = await ann.api.patch(f"/remote-apps/{made.id}", json={"summary": "Where parcels are"})
    assert again.json()["asked"] is None


async def test_a_program_may_stop_an_app(ann, author):
    made = await make(ann, author)
    assert (await ann.api.post(f"/remote-apps/{made.id}/pause")).json()["state"] == "paused"
    assert await asked(ann, made.key) == 401
    assert (await ann.api.post(f"/remote-apps/{made.id}/resume")).json()["state"] == "active"
    assert await asked(ann, made.key) == 200
    assert (await ann.api.delete(f"/remote-apps/{made.id}")).status_code == 204
    assert await asked(ann, made.key) == 401
    assert (await ann.api.get(f"/remote-apps/{made.id}")).status_code == 404


async def test_errors_of_a_body_come_at_once(ann):
    answer = await ann.api.post(
        "/remote-apps", json={"name": "", "panels": [{"on": "invoice", "title": "x", "url": "javascript:x"}]}
    )
    assert answer.status_code == 422
    assert {one["path"] for one in answer.json()["errors"]} == {"name", "panels.0.on", "panels.0.url"}
    answer = await ann.api.post(
        "/remote-apps",
        json={
            "name": "x",
            "scopes": ["boats:read"],
            "panels": [{"on": "deal", "title": "x", "url": "http://localhost/"}],
        },
    )
    assert {one["path"] for one in answer.json()["errors"]} == {"scopes", "panels.0.url"}
