"""Pipelines, stages, reasons and rates."""

import pytest

from core.kernel.errors import Conflict, Invalid
from core.pipeline import queries, service
from core.pipeline.deals import service as deals
from core.pipeline.deals.schema import DealIn
from core.pipeline.schema import PipelineIn, StageIn
from core.pipeline.service_seed import seed
from tests.core.pipeline.conftest import listed, sent


async def test_seeding_twice_changes_nothing(ctx, stages):
    await seed(ctx)
    assert len(await queries.stages(ctx)) == len(stages) == 5
    assert {reason.outcome for reason in await queries.reasons(ctx)} == {"won", "lost"}


async def test_one_pipeline_is_the_default(ctx):
    second = await service.create_pipeline(ctx, PipelineIn(name="Renewals", is_default=True))
    await ctx.session.flush()
    ctx.session.expire_all()
    assert [(p.name, p.is_default) for p in await queries.pipelines(ctx)][1] == ("Renewals", True)
    assert sum(p.is_default for p in await queries.pipelines(ctx)) == 1
    with pytest.raises(Conflict):
        await service.archive_pipeline(ctx, await queries.one(ctx, type(second), second.id))


async def test_archiving_moves_the_deals(ctx, stages):
    deal = await deals.create(ctx, DealIn(name="A"))
    with pytest.raises(Conflict) as refused:
        await service.archive_stage(ctx, stages[0])
    assert refused.value.code == "stage.in_use"
    with pytest.raises(Invalid):
        await service.archive_stage(ctx, stages[0], stages[0].id)
    await service.archive_stage(ctx, stages[0], stages[1].id)
    assert deal.stage_id == stages[1].id
    assert [stage.id for stage in await queries.stages(ctx)] == [stage.id for stage in stages[1:]]


async def test_a_pipeline_keeps_a_stage(ctx):
    pipeline = await service.create_pipeline(ctx, PipelineIn(name="Renewals"))
    stage = await service.create_stage(ctx, StageIn(pipeline_id=pipeline.id, name="Only"))
    with pytest.raises(Conflict):
        await service.archive_stage(ctx, stage)


async def test_the_api_shapes_pipelines(ann, bo):
    pipeline = await sent(ann, "/pipelines", name="Renewals")
    made = [
        await sent(ann, "/stages", pipeline_id=pipeline["id"], name=name, probability=50) for name in "ab"
    ]
    assert [stage["position"] for stage in made] == [0, 1]
    ids = [made[1]["id"], made[0]["id"]]
    order = f"/pipelines/{pipeline['id']}/order"
    assert (await ann.api.post(order, json={"stage_ids": ids})).status_code == 204
    found = await listed(ann, f"/stages?pipeline_id={pipeline['id']}")
    assert [stage["name"] for stage in found] == ["b", "a"]
    assert (await ann.api.post(order, json={"stage_ids": ids[:1]})).status_code == 422
    deal = await sent(ann, "/deals", name="A", stage_id=ids[0])
    archive = f"/pipelines/{pipeline['id']}/archive"
    assert (await ann.api.post(archive, json={})).status_code == 409
    first = (await listed(ann, "/stages?sort=position"))[0]
    other = next(s for s in await listed(ann, "/stages") if s["pipeline_id"] != pipeline["id"])
    assert (await ann.api.post(archive, json={"move_to": other["id"]})).status_code == 204, first
    assert (await ann.api.get(f"/deals/{deal['id']}")).json()["stage_id"] == other["id"]
    assert (await bo.api.get("/pipelines")).status_code == 200
    assert (await bo.api.post("/pipelines", json={"name": "X"})).status_code == 403


async def test_rates_of_a_day_replace_each_other(ann):
    for rate in ("7.1", "7.2"):
        await sent(ann, "/currency-rates", currency="EUR", valid_on="2026-01-01", rate=rate)
    assert [row["rate"] for row in await listed(ann, "/currency-rates")] == ["7.2"]
    for wrong in ({"rate": "0"}, {"rate": "-1"}, {"currency": "XXQ"}, {"currency": "USD"}, {"valid_on": "x"}):
        body = {"currency": "EUR", "valid_on": "2026-01-01", "rate": "1", **wrong}
        assert (await ann.api.post("/currency-rates", json=body)).status_code == 422, wrong
