"""The board and the page of a deal, as a browser asks for them."""

import json

from tests.core.pipeline.conftest import listed, sent


def on_board(person, **more):
    url = f"http://guanxi.test{person.w('/pipeline')}{more.pop('query', '')}"
    return {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": url, **more}


async def seen(person, path, status=200, **options):
    answer = await person.page.get(person.w(path), **options)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


async def test_an_empty_workspace_is_told_how_to_begin(bo):
    assert "No pipeline yet" in await seen(bo, "/pipeline")


async def test_the_board_shows_columns_and_cards(ann):
    customer = await sent(ann, "/customers", name="恒通贸易")
    deal = await sent(ann, "/deals", name="年度框架", customer_id=customer["id"], amount_minor=1_345_000_00)
    page = await seen(ann, "/pipeline")
    for text in ("First contact", "Awaiting signature", "年度框架", "恒通贸易", "$1.3M", "board-zones"):
        assert text in page, text
    assert f'data-move="{ann.w("/deals/" + deal["id"] + "/move")}"' in page
    assert "年度框架" not in await seen(ann, "/pipeline?f=amount_minor:lt:10")
    assert "年度框架" in await seen(ann, "/pipeline?q=年度")
    assert "This is not" in await seen(ann, "/pipeline?f=amount_minor:lt:x", 422)
    await seen(ann, "/pipeline?pipeline=nonsense", 404)
    await seen(ann, f"/pipeline?pipeline={deal['id']}", 404)


async def test_a_move_answers_card_heads_and_undo(ann):
    stages = await listed(ann, "/stages?sort=position")
    deal = await sent(ann, "/deals", name="A", amount_minor=500_00)
    form = {"stage": stages[1]["id"], "before": "", "after": "", "version": str(deal["version"])}
    answer = await ann.post(f"/deals/{deal['id']}/move", form, headers=on_board(ann))
    assert answer.status_code == 200, answer.text
    assert answer.text.count("<hx-partial") == 3
    assert f"board-card-{deal['id']}" in answer.text
    stale = await ann.post(f"/deals/{deal['id']}/move", form, headers=on_board(ann))
    assert stale.status_code == 412
    undo = json.loads(answer.headers["hx-trigger"])["gx:toast"]["undo"]
    back = await ann.post(undo.removeprefix(ann.w("")), headers=on_board(ann))
    assert back.status_code == 200, back.text
    assert 'id="board"' in back.text
    now = (await ann.api.get(f"/deals/{deal['id']}")).json()
    assert {k: now[k] for k in ("stage_id", "rank", "stage_entered_at")} == {
        k: deal[k] for k in ("stage_id", "rank", "stage_entered_at")
    }


async def test_a_gate_asks_in_a_dialog_and_goes_on(ann):
    stages = await listed(ann, "/stages?sort=position")
    await ann.api.patch(f"/stages/{stages[2]['id']}", json={"required_fields": ["amount_minor", "notes"]})
    deal = await sent(ann, "/deals", name="A")
    path = f"/deals/{deal['id']}/move"
    form = {"stage": stages[2]["id"], "before": "", "after": "", "version": str(deal["version"])}
    asked = await ann.post(path, form, headers=on_board(ann))
    assert asked.status_code == 422
    for text in ("<dialog", "data-open", 'name="amount_minor"', 'name="notes"', stages[2]["id"]):
        assert text in asked.text, text
    assert 'name="competitor"' not in asked.text
    form = {"stage": stages[2]["id"], "amount_minor": "12.50", "notes": ""}
    again = await ann.post(path, form, headers=on_board(ann))
    assert again.status_code == 422
    assert "12.50" in again.text
    done = await ann.post(path, {**form, "notes": "x"}, headers=on_board(ann))
    assert done.status_code == 200, done.text
    assert "#gx-dialogs" in done.text
    now = (await ann.api.get(f"/deals/{deal['id']}")).json()
    assert (now["stage_id"], now["amount_minor"], now["notes"]) == (stages[2]["id"], 1250, "x")
    plain = await ann.post(path, {"stage": stages[0]["id"]})
    assert plain.status_code == 303


async def test_putting_back_is_no_way_around_a_gate(ann):
    stages = await listed(ann, "/stages?sort=position")
    await ann.api.patch(f"/stages/{stages[2]['id']}", json={"required_fields": ["notes"]})
    deal = await sent(ann, "/deals", name="A")
    back = f"/deals/{deal['id']}/put-back?rank=1&since=2026-01-01T00:00:00Z&stage="
    assert (await ann.post(f"{back}{stages[2]['id']}")).status_code == 422
    assert (await ann.post(f"/deals/{deal['id']}/move", {"stage": stages[1]["id"]})).status_code == 303
    assert (await ann.post(f"{back}{stages[2]['id']}")).status_code == 422
    assert (await ann.post(f"{back}{deal['stage_id']}")).status_code == 303
    assert (await ann.api.get(f"/deals/{deal['id']}")).json()["stage_id"] == deal["stage_id"]


async def test_cards_are_won_and_lost_where_they_are_dropped(ann):
    deal = await sent(ann, "/deals", name="A")
    path = f"/deals/{deal['id']}"
    asked = await ann.post(f"{path}/move", {"stage": "lost"}, headers=on_board(ann))
    assert (asked.status_code, "Price too high" in asked.text) == (422, True)
    refused = await ann.post(f"{path}/close/lost", {"close_reason_id": ""}, headers=on_board(ann))
    assert (refused.status_code, "<dialog" in refused.text) == (422, True)
    reason = next(row for row in await listed(ann, "/close-reasons") if row["outcome"] == "lost")
    form = {"close_reason_id": reason["id"], "competitor": "Rival"}
    done = await ann.post(f"{path}/close/lost", form, headers=on_board(ann))
    assert done.status_code == 200, done.text
    now = (await ann.api.get(path)).json()
    assert (now["status"], now["competitor"]) == ("lost", "Rival")
    undo = json.loads(done.headers["hx-trigger"])["gx:toast"]["undo"]
    assert (await ann.post(undo.removeprefix(ann.w("")), headers=on_board(ann))).status_code == 200
    assert (await ann.api.get(path)).json()["status"] == "open"
    won = await ann.post(f"{path}/move", {"stage": "won"}, headers=on_board(ann))
    assert won.status_code == 200
    assert (await ann.api.get(path)).json()["status"] == "won"


async def test_the_page_of_a_deal_without_javascript(ann):
    stages = await listed(ann, "/stages?sort=position")
    deal = await sent(ann, "/deals", name="年度框架", amount_minor=500_00)
    path = f"/deals/{deal['id']}"
    page = await seen(ann, path)
    for text in ("年度框架", deal["number"], "$500.00", "stage-bar", "Negotiation"):
        assert text in page, text
    assert (await ann.post(f"{path}/move", {"stage": stages[3]["id"]})).status_code == 303
    assert "Why was this deal lost?" in await seen(ann, f"{path}/close/lost")
    assert (await ann.post(f"{path}/close/won", {"close_reason_id": ""})).status_code == 303
    assert "Reopen" in await seen(ann, path)
    assert (await ann.post(f"{path}/reopen")).status_code == 303
    await seen(ann, f"{path}/close/maybe", 400)
    for form in ({}, {"stage": "x"}, {"stage": deal["id"]}):
        assert (await ann.post(f"{path}/move", form)).status_code == 422, form
    for wrong in ("rank=NaN&since=2026-01-01T00:00:00Z", "rank=1&since=x", "rank=1"):
        answer = await ann.post(f"{path}/put-back?stage={stages[0]['id']}&{wrong}")
        assert answer.status_code == 400, wrong


async def test_forms_offer_stages_and_currencies(ann):
    page = await seen(ann, "/deals/new")
    assert '<select id="f-stage_id"' in page
    assert '<select name="currency"' in page
    form = {"name": "A", "amount_minor": "100", "currency": "EUR", "stage_id": ""}
    refused = await ann.post("/deals/new", form)
    assert refused.status_code == 422
    assert "There is no rate from EUR to USD yet" in refused.text
    assert "<option selected>EUR" in refused.text
    assert (await ann.post("/deals/new", {**form, "exchange_rate": "1.1"})).status_code == 303
    assert "First contact" in await seen(ann, "/deals?f=stage_id:notempty")


async def test_more_cards_of_a_column(ann):
    lines = "\n".join(f'{{"name": "Deal {n}"}}' for n in range(53))
    await ann.api.post("/deals/bulk", content=lines)
    page = await seen(ann, "/pipeline")
    more = page.split('id="board-more-')[1].split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rest = await seen(ann, more.removeprefix(ann.w("")))
    assert rest.count("<article") == 3
    assert "hx-get" not in rest


async def test_others_see_only_their_own_cards(ann, bo, rea, zed):
    deal = await sent(ann, "/deals", name="Secret")
    assert "Secret" not in await seen(bo, "/pipeline")
    assert "Secret" in await seen(rea, "/pipeline")
    assert 'data-move=""' in await seen(rea, "/pipeline")
    for person in (bo, zed):
        await seen(person, f"/deals/{deal['id']}", 404)
        assert (await person.post(f"/deals/{deal['id']}/move", {"stage": "won"})).status_code == 404


async def test_the_board_keeps_to_its_statements(ann, statements):
    customer = await sent(ann, "/customers", name="C")
    lines = "\n".join(f'{{"name": "D{n}", "customer_id": "{customer["id"]}"}}' for n in range(60))
    await ann.api.post("/deals/bulk", content=lines)
    deal = (await listed(ann, "/deals"))[0]
    for path, budget in {"/pipeline": 8, f"/deals/{deal['id']}": 12, "/deals": 4}.items():
        await seen(ann, path)
        statements()
        await seen(ann, path)
        own = [text for text in statements() if "control." not in text]
        assert len(own) <= budget, (path, own)
