"""The settings of selling, as a browser uses them."""

from tests.core.pipeline.conftest import listed, sent

PLACE = "/settings/pipelines"


async def seen(person, path, status=200, **options):
    answer = await person.page.get(person.w(path), **options)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


async def test_stages_are_added_changed_ordered_and_archived(ann):
    page = await seen(ann, PLACE)
    assert "Awaiting signature" in page
    pipeline = (await listed(ann, "/pipelines"))[0]
    assert 'type="hidden" name="pipeline_id"' in await seen(
        ann, f"{PLACE}/stages/new?pipeline_id={pipeline['id']}"
    )
    form = {"pipeline_id": pipeline["id"], "name": "Legal", "probability": "95"}
    gates = ["amount_minor", "notes"]
    made = await ann.post(f"{PLACE}/stages/new", {**form, "required_fields": gates})
    assert made.status_code == 303, made.text[:2000]
    stage = next(row for row in await listed(ann, "/stages") if row["name"] == "Legal")
    assert (stage["required_fields"], stage["position"], stage["rotting_days"]) == (gates, 5, None)
    wrong = await ann.post(f"{PLACE}/stages/{stage['id']}/edit", {"name": "", "probability": "101"})
    assert wrong.status_code == 422
    assert 'value="101"' in wrong.text
    change = {"name": "Contract", "probability": "90", "rotting_days": "7"}
    assert (await ann.post(f"{PLACE}/stages/{stage['id']}/edit", change)).status_code == 303
    assert (await ann.post(f"{PLACE}/stages/{stage['id']}/shift", {"by": "-1"})).status_code == 303
    names = [row["name"] for row in await listed(ann, "/stages?sort=position")]
    assert names[-2:] == ["Contract", "Awaiting signature"]
    await sent(ann, "/deals", name="A", stage_id=stage["id"], amount_minor=1, notes="x")
    archive = f"{PLACE}/stages/{stage['id']}/archive"
    refused = await ann.post(archive, {"move_to": ""})
    assert (refused.status_code, "There are deals here" in refused.text) == (409, True)
    other = (await listed(ann, "/stages?sort=position"))[0]
    assert (await ann.post(archive, {"move_to": other["id"]})).status_code == 303
    assert "Contract" not in await seen(ann, PLACE)


async def test_pipelines_are_added_made_the_default_archived_and_restored(ann):
    assert (await ann.post(f"{PLACE}/pipelines/new", {"name": "Renewals"})).status_code == 303
    old, new = sorted(await listed(ann, "/pipelines"), key=lambda row: not row["is_default"])
    change = {"name": "Renewals", "is_default": "true"}
    assert (await ann.post(f"{PLACE}/pipelines/{new['id']}/edit", change)).status_code == 303
    await ann.post(f"{PLACE}/pipelines/{new['id']}/edit", {"name": "Again"})
    assert [row["name"] for row in await listed(ann, "/pipelines?is_default=true")] == ["Again"]
    assert (await ann.post(f"{PLACE}/pipelines/{old['id']}/archive")).status_code == 303
    assert "Archived pipelines" in await seen(ann, PLACE)
    assert (await ann.post(f"{PLACE}/pipelines/{old['id']}/restore")).status_code == 303
    assert len(await listed(ann, "/pipelines")) == 2


async def test_reasons_and_rates(ann):
    assert (
        await ann.post(f"{PLACE}/reasons/new", {"outcome": "lost", "name": "Too late"})
    ).status_code == 303
    assert "Too late" in await seen(ann, f"{PLACE}/reasons")
    rate = {"currency": "EUR", "valid_on": "2026-01-01", "rate": "1.1"}
    assert (await ann.post(f"{PLACE}/rates/new", rate)).status_code == 303
    assert "1.1" in await seen(ann, f"{PLACE}/rates")
    bad = await ann.post(f"{PLACE}/rates/new", {**rate, "rate": "-1", "valid_on": "soon"})
    assert bad.status_code == 422
    row = (await listed(ann, "/currency-rates"))[0]
    assert "EUR" in await seen(ann, f"{PLACE}/rates/{row['id']}/edit")
    assert (await ann.post(f"{PLACE}/rates/{row['id']}/archive")).status_code == 303
    assert await listed(ann, "/currency-rates") == []


async def test_nobody_else_gets_in(ann, bo, zed):
    pipeline = (await listed(ann, "/pipelines"))[0]
    for path in ("", "/reasons", "/rates", "/stages/new", f"/pipelines/{pipeline['id']}/edit"):
        await seen(bo, PLACE + path, 403)
    assert (await bo.post(f"{PLACE}/pipelines/new", {"name": "X"})).status_code == 403
    await seen(zed, f"{PLACE}/pipelines/{pipeline['id']}/edit", 404)
    await seen(ann, f"{PLACE}/nonsense/new", 404)
