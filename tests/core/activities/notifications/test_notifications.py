"""Notifications: each member's own, in his language, read once."""

from core.activities.notifications import service
from core.web import live


async def told(person, title="Call back"):
    async with person.acting() as ctx:
        await service.notify(ctx, [person.member_id], "reminded", path="/tasks/1", params={"title": title})


async def test_the_bell_counts_and_the_list_tells(ann, bo):
    await told(ann)
    assert "1 unread notification" in (await live.look(ann.runtime, ann.principal))["bell"]
    assert "unread" not in (await live.look(bo.runtime, bo.principal))["bell"]
    assert "Reminder: Call back" in (await ann.page.get(ann.w("/notifications"))).text
    assert "Call back" not in (await bo.page.get(bo.w("/notifications"))).text


async def test_opening_one_reads_it(ann, bo):
    await told(ann)
    listed = (await ann.api.get("/notifications")).json()
    assert listed["unread"] == 1
    (one,) = listed["data"]
    assert (await bo.post(f"/notifications/{one['id']}/open")).status_code == 404
    assert (await bo.api.post(f"/notifications/{one['id']}/read")).status_code == 404
    opened = await ann.post(f"/notifications/{one['id']}/open")
    assert opened.headers["location"] == ann.w("/tasks/1")
    assert (await ann.api.get("/notifications", params={"unread": True})).json()["data"] == []


async def test_all_are_read_at_once(ann):
    await told(ann)
    await told(ann, "Send samples")
    (one, _) = (await ann.api.get("/notifications")).json()["data"]
    assert (await ann.api.post(f"/notifications/{one['id']}/read")).json()["read_at"] is not None
    assert (await ann.api.post("/notifications/read")).status_code == 204
    assert (await ann.api.get("/notifications")).json()["unread"] == 0
    await told(ann)
    assert (await ann.post("/notifications/read")).status_code == 303


async def test_a_title_with_braces_is_only_a_title(ann):
    await told(ann, "{actor} {0}")
    assert (await ann.api.get("/notifications")).json()["data"][0]["text"] == "Reminder: {actor} {0}"
