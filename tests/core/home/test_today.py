"""Today: whom to contact, what is due, the cards, and the first steps."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.activities.tasks import shown
from core.ext.specs import Step, Widget
from core.home import today
from tests.contract.statements import counted

TODAY = datetime.now(UTC).date()


async def follow_up(person, name, on, **values):
    made = await person.api.post("/customers", json={"name": name, "next_follow_up_on": str(on), **values})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def test_the_day_of_a_member(ann, bo):
    late = await follow_up(ann, "Late", TODAY - timedelta(days=3), mobile="13800138000")
    await follow_up(ann, "Later", TODAY + timedelta(days=9))
    await follow_up(bo, "Of bo", TODAY - timedelta(days=1))
    lead = await ann.api.post(
        "/leads",
        json={"name": "李娜", "company": "恒通", "next_follow_up_on": str(TODAY - timedelta(days=1))},
    )
    assert lead.status_code == 201, lead.text
    await ann.api.post("/tasks", json={"title": "Send samples", "due_on": str(TODAY - timedelta(days=1))})
    start = datetime.now(UTC) + timedelta(days=3)
    await ann.api.post("/tasks", json={"title": "Visit", "starts_at": start.isoformat()})
    day = (await ann.api.get("/today")).json()
    assert [(one["record_type"], one["label"]) for one in day["follow_ups"]] == [
        ("customer", "Late"),
        ("lead", "李娜"),
    ]
    assert day["follow_ups"][0]["phone"] == "+8613800138000"
    assert day["follow_ups"][1]["detail"] == "恒通"
    assert [task["title"] for task in day["tasks"]] == ["Send samples"]
    assert [task["title"] for task in day["upcoming"]] == ["Visit"]
    page = (await ann.page.get(ann.w("/"))).text
    for text in ("Late", "李娜", "Send samples", "Visit", "tel:+8613800138000", f"/customers/{late}"):
        assert text in page
    assert "Of bo" not in page


async def test_whoever_was_contacted_since_is_done_with(ann):
    customer_id = await follow_up(ann, "Late", TODAY - timedelta(days=3))
    await ann.api.post("/activities", json={"kind": "call", "customer_id": customer_id})
    assert (await ann.api.get("/today")).json()["follow_ups"] == []


async def test_a_new_workspace_is_told_its_first_steps(ann):
    page = (await ann.page.get(ann.w("/"))).text
    for text in ("First steps", "Nobody is waiting for you", "Nothing logged yet"):
        assert text in page


async def test_the_first_steps_tick_themselves_and_can_be_hidden(ann, bo):
    page = (await ann.page.get(ann.w("/"))).text
    for step in ("Import your customers", "Invite a colleague", "Make an API key", "Switch on a module"):
        assert step in page
    steps = page.partition('class="checklist"')[2].partition("</ul>")[0]
    assert 'data-done="yes"' in steps
    assert "Make an API key" not in (await bo.page.get(bo.w("/"))).text
    assert (await ann.post("/checklist/dismiss")).headers["location"] == ann.w("/")
    assert (await ann.post("/checklist/dismiss")).status_code == 303
    assert "First steps" not in (await ann.page.get(ann.w("/"))).text
    assert "First steps" in (await bo.page.get(bo.w("/"))).text


async def test_a_step_that_fails_or_hangs_is_left_out(ann, registry, monkeypatch):
    async def fail(ctx):
        raise ValueError("broken")

    async def hang(ctx):
        await asyncio.sleep(60)

    monkeypatch.setattr(today, "STEP_S", 0.05)
    made = [
        Step(key=title, title=title, url="/", is_done=check, plugin="home")
        for title, check in (("Failing", fail), ("Hanging", hang))
    ]
    monkeypatch.setitem(registry.declared, "Step", made)
    page = (await ann.page.get(ann.w("/"))).text
    assert "First steps" in page
    assert "Failing" not in page
    assert "Hanging" not in page


async def test_a_program_hides_the_first_steps(bo):
    assert (await bo.api.delete("/today/checklist")).status_code == 204
    assert "First steps" not in (await bo.page.get(bo.w("/"))).text


async def test_everybody_has_a_day(bo, rea, zed):
    for person in (bo, rea, zed):
        assert (await person.page.get(person.w("/"))).status_code == 200


async def test_the_numbers_of_the_week(ann):
    await ann.api.post("/activities", json={"kind": "call"})
    await ann.api.post("/activities", json={"kind": "visit"})
    card = (await ann.page.get(ann.w("/widgets/my_numbers"))).text
    assert "Calls this week" in card
    assert "+1" in card


@pytest.fixture
def broken(registry, monkeypatch):
    async def fail(ctx):
        raise ValueError("broken")

    monkeypatch.setitem(
        registry.declared, "Widget", [Widget(key="bad", title="Bad luck", render=fail, plugin="home")]
    )


async def test_a_card_that_fails_is_a_small_card(ann, broken):
    assert (await ann.page.get(ann.w("/"))).status_code == 200
    card = await ann.page.get(ann.w("/widgets/bad"))
    assert card.status_code == 200
    assert "This part could not be loaded." in card.text
    assert (await ann.page.get(ann.w("/widgets/nothing"))).status_code == 404


async def test_the_day_takes_few_statements_however_full_it_is(ann):
    for number in range(4):
        await follow_up(ann, f"Customer {number}", TODAY)
        await ann.api.post("/tasks", json={"title": f"Task {number}", "due_on": str(TODAY)})
        await ann.api.post("/activities", json={"kind": "call"})
    async with ann.ctx() as ctx:
        with counted() as seen:
            day = await today.read(ctx)
            await shown.rows(ctx, [*day.due, *day.upcoming])
            await today.recent_views(ctx)
            await today.checklist(ctx)
    assert len(seen) <= 6
