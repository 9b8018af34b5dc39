"""Moving, ending and reopening deals."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from core.kernel.errors import Conflict, Invalid
from core.pipeline import service as pipelines
from core.pipeline.deals import service
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.schema import DealIn, DealPatch, MoveIn
from core.pipeline.models import Deal
from core.pipeline.schema import StagePatch
from tests.core.pipeline.conftest import listed, sent


async def order(ctx, stage):
    found = await ctx.session.scalars(
        select(Deal.name).where(Deal.stage_id == stage.id, Deal.status == "open").order_by(Deal.rank, Deal.id)
    )
    return "".join(found)


async def made(ctx, names, stage):
    deals = {}
    for name in reversed(names):
        deals[name] = await service.create(ctx, DealIn(name=name, stage_id=stage.id))
        deals[name].rank = Decimal(-len(deals))
    await ctx.session.flush()
    return deals


async def test_cards_go_above_below_and_on_top(ctx, stages):
    deals = await made(ctx, "abc", stages[0])
    assert await order(ctx, stages[0]) == "abc"
    await moves.move_to_stage(ctx, deals["c"], stages[0], before=deals["b"].id)
    assert await order(ctx, stages[0]) == "acb"
    await moves.move_to_stage(ctx, deals["a"], stages[0], after=deals["b"].id)
    assert await order(ctx, stages[0]) == "cba"
    await moves.move_to_stage(ctx, deals["a"], stages[1])
    assert (await order(ctx, stages[0]), await order(ctx, stages[1])) == ("cb", "a")
    await moves.move_to_stage(ctx, deals["b"], stages[0])
    assert await order(ctx, stages[0]) == "bc"


async def test_a_neighbour_that_left_does_not_matter(ctx, stages):
    deals = await made(ctx, "ab", stages[0])
    await moves.move_to_stage(ctx, deals["a"], stages[1], before=deals["b"].id)
    assert await order(ctx, stages[1]) == "a"


async def test_ranks_never_run_out(ctx, stages):
    deals = await made(ctx, "abc", stages[0])
    for turn in range(130):
        mover, fixed = ("b", "c") if turn % 2 else ("c", "b")
        await moves.move_to_stage(ctx, deals[mover], stages[0], before=deals[fixed].id)
        await ctx.session.flush()
        await ctx.session.refresh(deals["b"])
        await ctx.session.refresh(deals["c"])
        assert await order(ctx, stages[0]) == f"a{mover}{fixed}"


async def test_a_gate_lists_all_that_is_missing_and_values_open_it(ctx, stages):
    await pipelines.update_stage(
        ctx, stages[2], StagePatch(required_fields=["amount_minor", "expected_close_on"])
    )
    deal = await service.create(ctx, DealIn(name="A"))
    with pytest.raises(Invalid) as refused:
        await moves.move_to_stage(ctx, deal, stages[2])
    assert [error.path for error in refused.value.errors] == ["amount_minor", "expected_close_on"]
    assert refused.value.code == "deal.gate"
    values = DealPatch(amount_minor=5, expected_close_on=ctx.today())
    await service.move(ctx, deal, MoveIn(stage_id=stages[2].id, values=values))
    assert deal.stage_id == stages[2].id
    with pytest.raises(Invalid):
        await service.create(ctx, DealIn(name="B", stage_id=stages[2].id))


async def test_a_patch_may_move_too(ann, drain):
    stages = await listed(ann, "/stages?sort=position")
    deal = await sent(ann, "/deals", name="A")
    answer = await ann.api.patch(f"/deals/{deal['id']}", json={"stage_id": stages[1]["id"], "notes": "x"})
    assert answer.json()["stage_id"] == stages[1]["id"]


async def test_losing_needs_a_reason_and_closed_deals_do_not_move(ctx, stages, lost):
    deal = await service.create(ctx, DealIn(name="A"))
    await moves.lose(ctx, deal, lost.id, "Rival Ltd")
    assert (deal.status, deal.competitor, deal.close_reason_id) == ("lost", "Rival Ltd", lost.id)
    assert deal.closed_at is not None
    with pytest.raises(Conflict):
        await moves.move_to_stage(ctx, deal, stages[1])
    with pytest.raises(Conflict):
        await moves.win(ctx, deal)
    await moves.reopen(ctx, deal)
    assert (deal.status, deal.closed_at, deal.close_reason_id) == ("open", None, None)
    with pytest.raises(Invalid):
        await moves.win(ctx, deal, lost.id)


@pytest.mark.row("S02")
async def test_a_deal_shows_all_that_matters_and_moves(ann, bo):
    stages = await listed(ann, "/stages?sort=position")
    customer = await sent(ann, "/customers", name="恒通贸易")
    contact = await sent(ann, "/contacts", name="张伟", customer_id=customer["id"])
    deal = await sent(
        ann,
        "/deals",
        name="阀门二期",
        customer_id=customer["id"],
        contact_id=contact["id"],
        amount_minor=134_500_000,
        expected_close_on="2031-05-06",
        competitor="Rival",
        owner_id=str(bo.member_id),
    )
    moved = await sent(bo, f"/deals/{deal['id']}/move", 200, stage_id=stages[1]["id"])
    assert moved["stage_id"] == stages[1]["id"]
    shown = (await bo.page.get(bo.w(f"/deals/{deal['id']}"))).text
    for text in ("阀门二期", "Rival", "Bo", stages[1]["name"], "2031"):
        assert text in shown
    beside = await ann.page.get(ann.w(f"/panels/deal/{deal['id']}/side/customer"))
    assert "恒通贸易" in beside.text


async def test_the_api_moves_wins_loses_and_reopens(ann, zed):
    stages = await listed(ann, "/stages?sort=position")
    reasons = await listed(ann, "/close-reasons")
    deal = await sent(ann, "/deals", name="A")
    path = f"/deals/{deal['id']}"
    moved = await sent(ann, f"{path}/move", 200, stage_id=stages[1]["id"])
    assert moved["stage_id"] == stages[1]["id"]
    won = await sent(ann, f"{path}/win", 200)
    assert won["status"] == "won"
    assert (await ann.api.post(f"{path}/lose", json={})).status_code == 422
    assert (await ann.api.post(f"{path}/lose", json={"close_reason_id": reasons[0]["id"]})).status_code == 409
    assert (await sent(ann, f"{path}/reopen", 200))["status"] == "open"
    reason = next(row for row in reasons if row["outcome"] == "lost")
    lost = await sent(ann, f"{path}/lose", 200, close_reason_id=reason["id"], competitor="Rival")
    assert (lost["status"], lost["competitor"]) == ("lost", "Rival")
    for verb in ("move", "win", "lose", "reopen"):
        answer = await zed.api.post(
            f"{path}/{verb}",
            json={"stage_id": stages[0]["id"]} if verb == "move" else {"close_reason_id": reason["id"]},
        )
        assert answer.status_code == 404, verb


async def test_bo_moves_only_his_own(ann, bo, rea):
    stages = await listed(ann, "/stages?sort=position")
    hers = await sent(ann, "/deals", name="Hers")
    his = await sent(bo, "/deals", name="His")
    body = {"stage_id": stages[1]["id"]}
    assert (await bo.api.post(f"/deals/{hers['id']}/move", json=body)).status_code == 404
    assert (await bo.api.post(f"/deals/{his['id']}/move", json=body)).status_code == 200
    assert (await rea.api.post(f"/deals/{his['id']}/move", json=body)).status_code == 403
