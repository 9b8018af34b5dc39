"""The timeline of a record: what stands on it, in which order, and who sees it."""

from datetime import UTC, datetime, timedelta

from core.activities import service as activities
from core.activities import timeline
from core.activities.schema import ActivityIn
from core.customers import service as customers
from core.customers.records import CUSTOMER
from core.customers.schema import CustomerIn, CustomerPatch
from tests.contract.statements import counted
from tests.core.activities.test_activities import customer


async def entries(person, customer_id, **question):
    answer = await person.api.get(f"/timeline/customer/{customer_id}", params=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_it_tells_events_and_activities_newest_first(ann):
    customer_id = await customer(ann)
    await ann.api.post("/activities", json={"kind": "call", "body": "Hello", "customer_id": customer_id})
    found = (await entries(ann, customer_id))["data"]
    assert [entry["event"] for entry in found] == ["activity.logged", "customer.created"]
    assert found[0]["activity"]["body"] == "Hello"
    assert found[0]["title"] == "Call"


async def test_an_activity_of_yesterday_stands_where_it_happened(ann):
    customer_id = await customer(ann)
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await ann.api.post("/activities", json={"kind": "call", "customer_id": customer_id, "occurred_at": past})
    found = (await entries(ann, customer_id))["data"]
    assert [entry["event"] for entry in found] == ["customer.created", "activity.logged"]


async def test_changes_are_told_in_the_readers_words(ann):
    customer_id = await customer(ann)
    await ann.api.patch(
        f"/customers/{customer_id}", json={"stage": "loyal", "next_follow_up_on": "2030-02-01"}
    )
    changes = (await entries(ann, customer_id))["data"][0]["changes"]
    assert [(c["title"], c["before"], c["after"]) for c in changes] == [
        ("Next follow-up", "", "Feb 1, 2030"),
        ("Lifecycle stage", "Potential", "Loyal"),
    ]


async def test_a_contacts_events_stand_on_its_customers_timeline(ann):
    customer_id = await customer(ann)
    await ann.api.post("/contacts", json={"name": "张伟", "customer_id": customer_id})
    assert (await entries(ann, customer_id))["data"][0]["title"] == "A contact was created · 张伟"


async def test_it_is_paged_and_narrowed(ann):
    customer_id = await customer(ann)
    for number in range(3):
        await ann.api.post("/activities", json={"body": f"Note {number}", "customer_id": customer_id})
    await ann.api.post("/tasks", json={"title": "Send samples", "customer_id": customer_id})
    first = await entries(ann, customer_id, limit=2, only="activity")
    assert [entry["activity"]["body"] for entry in first["data"]] == ["Note 2", "Note 1"]
    rest = await entries(ann, customer_id, limit=2, only="activity", after=first["next"])
    assert [entry["activity"]["body"] for entry in rest["data"]] == ["Note 0"]
    assert rest["next"] is None
    assert [e["event"] for e in (await entries(ann, customer_id, only="task"))["data"]] == ["task.created"]
    assert [e["event"] for e in (await entries(ann, customer_id, only="changes"))["data"]] == [
        "customer.created"
    ]


async def test_a_deleted_activity_is_not_shown(ann):
    customer_id = await customer(ann)
    created = await ann.api.post("/activities", json={"kind": "call", "customer_id": customer_id})
    await ann.api.delete(f"/activities/{created.json()['id']}")
    found = (await entries(ann, customer_id))["data"]
    assert [entry["event"] for entry in found] == ["activity.deleted", "customer.created"]
    await ann.api.post(f"/activities/{created.json()['id']}/restore")
    found = (await entries(ann, customer_id))["data"]
    assert [entry["event"] for entry in found] == ["activity.logged", "customer.created"]


async def test_only_who_sees_the_record_sees_it(ann, bo, zed):
    customer_id = await customer(ann)
    for stranger in (bo, zed):
        assert (await stranger.api.get(f"/timeline/customer/{customer_id}")).status_code == 404
        assert (await stranger.page.get(stranger.w(f"/timeline/customer/{customer_id}"))).status_code == 404


async def test_who_sees_the_record_sees_what_colleagues_did(ann, bo):
    created = await ann.api.post("/customers", json={"name": "恒通贸易", "owner_id": str(bo.member_id)})
    customer_id = created.json()["id"]
    await ann.api.post("/activities", json={"kind": "call", "body": "Hello", "customer_id": customer_id})
    assert (await entries(bo, customer_id))["data"][0]["activity"]["body"] == "Hello"


async def test_wrong_questions_are_refused(ann):
    customer_id = await customer(ann)
    for question in ({"only": "nothing"}, {"limit": 0}):
        assert (await ann.api.get(f"/timeline/customer/{customer_id}", params=question)).status_code == 422
    assert (await ann.api.get(f"/timeline/customer/{customer_id}?after=x")).status_code == 400
    assert (await ann.api.get(f"/timeline/nothing/{customer_id}")).status_code == 404


async def test_the_panel_holds_the_composer_and_the_page_stands_alone(ann, rea):
    customer_id = await customer(ann)
    panel = f"/panels/customer/{customer_id}/main/timeline"
    shown = (await ann.page.get(ann.w(panel))).text
    assert "data-composer" in shown
    assert "A customer was created" in shown
    assert "data-composer" not in (await rea.page.get(rea.w(panel))).text
    alone = await ann.page.get(ann.w(f"/timeline/customer/{customer_id}"))
    assert "<html" in alone.text


async def test_it_takes_three_statements_however_long_it_is(ctx):
    one = await customers.create(ctx, CustomerIn(name="恒通贸易"))
    for number in range(8):
        await activities.log(ctx, ActivityIn(body=f"Note {number}", customer_id=one.id))
    await customers.update(ctx, one, CustomerPatch(stage="loyal", owner_id=None))
    await ctx.flush()
    with counted() as seen:
        page = await timeline.read(ctx, CUSTOMER, one.id)
    assert len(page.entries) == 10
    assert len(seen) == 3


async def test_the_clock_of_the_moment_places_an_event(ctx):
    one = await customers.create(ctx, CustomerIn(name="恒通贸易"))
    await customers.update(ctx, one, CustomerPatch(stage="loyal"))
    await ctx.flush()
    page = await timeline.read(ctx, CUSTOMER, one.id)
    assert [entry.stored.name for entry in page.entries] == ["customer.updated", "customer.created"]
