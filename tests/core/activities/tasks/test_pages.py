"""Tasks & calendar as people see it, and what one click does."""

from datetime import UTC, datetime, timedelta

from tests.core.activities.test_activities import customer

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def task(person, title="Send samples", **values):
    created = await person.api.post("/tasks", json={"title": title, **values})
    assert created.status_code == 201, created.text
    return created.json()["id"]


async def test_the_days_hold_what_is_due(ann):
    today = datetime.now(UTC).date()
    await task(ann, "Late", due_on=str(today - timedelta(days=3)))
    await task(ann, "Soon", due_on=str(today + timedelta(days=20)))
    await task(ann, "Whenever")
    page = await ann.page.get(ann.w("/calendar"))
    assert page.status_code == 200
    for text in ("Overdue", "Late", "Later", "Soon", "Without a date", "Whenever", "Nothing left for today"):
        assert text in page.text


async def test_others_tasks_are_shown_where_asked(ann, bo):
    await task(ann, "Ann's")
    await task(bo, "Bo's", due_on="2020-01-01")
    assert "Bo&#39;s" not in (await ann.page.get(ann.w("/calendar"))).text
    assert "Bo&#39;s" in (await ann.page.get(ann.w("/calendar?who=all"))).text
    assert "Ann&#39;s" not in (await bo.page.get(bo.w("/calendar?who=all"))).text


async def test_the_month_holds_appointments(ann):
    await task(ann, "Visit", starts_at="2030-03-05T09:00:00+00:00")
    await task(ann, "Elsewhere", due_on="2030-05-01")
    page = (await ann.page.get(ann.w("/calendar?view=month&month=2030-03"))).text
    assert "March 2030" in page
    assert "Visit" in page
    assert "Elsewhere" not in page
    assert "month=2030-02" in page
    assert "month=2030-04" in page
    assert (await ann.page.get(ann.w("/calendar?view=month&month=nonsense"))).status_code == 200


async def test_one_click_completes_and_another_undoes(ann):
    one = await task(ann)
    done = await ann.post(f"/tasks/{one}/done", headers=PART)
    assert 'class="item task done"' in done.text
    assert f"/tasks/{one}/reopen?again=1" in done.headers["hx-trigger"]
    undone = await ann.post(f"/tasks/{one}/reopen?again=1", headers=PART)
    assert undone.headers["hx-refresh"] == "true"
    assert (await ann.api.get(f"/tasks/{one}")).json()["done_at"] is None


async def test_putting_off_can_be_undone(ann):
    one = await task(ann, due_on="2030-03-01")
    put_off = await ann.post(f"/tasks/{one}/put-off?days=3", headers=PART)
    assert "until=2030-03-01" in put_off.headers["hx-trigger"]
    await ann.post(f"/tasks/{one}/put-off?until=2030-03-01")
    assert (await ann.api.get(f"/tasks/{one}")).json()["due_on"] == "2030-03-01"


async def test_a_task_is_put_off_by_days_that_there_are(ann):
    one = await task(ann, due_on="2030-03-01")
    for days in ("0", "-1", "3651", "99999999999"):
        assert (await ann.post(f"/tasks/{one}/put-off?days={days}", headers=PART)).status_code == 422
    assert (await ann.api.get(f"/tasks/{one}")).json()["due_on"] == "2030-03-01"


async def test_a_line_makes_an_appointment_and_asks_where_the_time_is_taken(ann):
    customer_id = await customer(ann)
    sent = {"title": "Visit", "due_on": "2030-03-05", "at": "10:00", "customer_id": customer_id}
    made = await ann.post("/tasks/quick", sent, headers=PART)
    assert made.status_code == 200
    assert made.headers["hx-refresh"] == "true"
    asked = await ann.post("/tasks/quick", {**sent, "title": "Lunch"}, headers=PART)
    assert asked.status_code == 422
    assert 'name="allow_overlap"' in asked.text
    assert "Visit" in asked.text
    both = await ann.post("/tasks/quick", {**sent, "title": "Lunch", "allow_overlap": "true"})
    assert both.status_code == 303
    panel = (await ann.page.get(ann.w(f"/panels/customer/{customer_id}/side/tasks"))).text
    assert "Lunch" in panel
    assert "Visit" in panel


async def test_a_wrong_line_comes_back(ann):
    refused = await ann.post("/tasks/quick", {"title": "", "at": "99:99"}, headers=PART)
    assert refused.status_code == 422
    refused = await ann.post("/tasks/quick", {"title": "Call", "at": "99:99"}, headers=PART)
    assert "This is not a time of day." in refused.text


async def test_its_page_and_form(ann, bo):
    one = await task(ann, notes="In the blue box")
    assert "In the blue box" in (await ann.page.get(ann.w(f"/tasks/{one}"))).text
    assert (await ann.page.get(ann.w(f"/tasks/{one}/edit"))).status_code == 200
    assert (await bo.page.get(bo.w(f"/tasks/{one}"))).status_code == 404
    assert (await bo.post(f"/tasks/{one}/done")).status_code == 404
