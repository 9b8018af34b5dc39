"""The board of leads: what stands on it, who moves what, and how it is undone."""

import json
import re

import pytest

from tests.core.pipeline.conftest import listed, sent


def on_board(person, query=""):
    url = f"http://guanxi.test{person.w('/leads/board')}{query}"
    return {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": url}


async def seen(person, path, status=200, **options):
    answer = await person.page.get(person.w(path), **options)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


def column(page, status):
    """What stands in one column."""
    return page.split(f'data-stage="{status}"')[1].split("</section>")[0]


def count(page, status):
    """The number in the head of a column."""
    head = page.split(f'id="board-head-{status}"')[1].split("</header>")[0]
    return int(re.search(r'class="count num">(\d+)<', head)[1])


async def now(person, lead):
    answer = await person.api.get(f"/leads/{lead['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def move(person, lead, stage, query="", **more):
    form = {"stage": stage, "before": "", "after": "", "version": str(lead["version"]), **more}
    return await person.post(f"/leads/{lead['id']}/move", form, headers=on_board(person, query))


async def undo(person, answer):
    way = json.loads(answer.headers["hx-trigger"])["gx:toast"]["undo"]
    return await person.post(way.removeprefix(person.w("")), headers=on_board(person))


async def events(person, lead):
    rows = await person.api.get(f"/timeline/lead/{lead['id']}")
    return [row["event"] for row in rows.json()["data"]]


async def test_an_empty_board_says_what_will_stand_there(ann):
    page = await seen(ann, "/leads/board")
    assert "No leads to work on" in page
    assert 'id="board"' not in page
    lead = await sent(ann, "/leads", name="A")
    assert (await ann.api.patch(f"/leads/{lead['id']}", json={"status": "unqualified"})).status_code == 200
    assert "No leads to work on" in await seen(ann, "/leads/board")
    assert "No leads to work on" not in await seen(ann, "/leads/board?q=nobody")


async def test_the_board_shows_open_leads_by_status_newest_first(ann):
    first = await sent(ann, "/leads", name="王芳", company="恒通贸易", source="Canton Fair")
    await sent(ann, "/leads", name="Late", next_follow_up_on="2020-01-02")
    for name, status in {"Talked to": "contacted", "Gone": "unqualified"}.items():
        other = await sent(ann, "/leads", name=name)
        assert (await ann.api.patch(f"/leads/{other['id']}", json={"status": status})).status_code == 200
    await sent(ann, "/tasks", title="Send a sample", lead_id=first["id"])
    page = await seen(ann, "/leads/board")
    new = column(page, "new")
    assert new.index("Late") < new.index("王芳")
    for text in ("恒通贸易", "Canton Fair", "0 d", "Send a sample", "Ann"):
        assert text in new, text
    assert 'class="bcard-next bad"' in new
    assert "Talked to" in column(page, "contacted")
    assert [count(page, status) for status in ("new", "contacted", "qualified")] == [2, 1, 0]
    assert "Gone" not in page
    assert "col-sums" not in page
    assert f'data-move="{ann.w("/leads/" + first["id"] + "/move")}"' in page
    assert f'href="{ann.w("/leads")}"' in page
    assert f'href="{ann.w("/leads/board")}"' in await seen(ann, "/leads")


async def test_the_board_answers_the_questions_of_the_list(ann, bo):
    await sent(ann, "/leads", name="Hot one", rating="hot", company="恒通贸易")
    await sent(ann, "/leads", name="Cold one", rating="cold", owner_id=str(bo.member_id))
    for question, found in {
        "f=rating:eq:hot": "Hot one",
        "q=恒通": "Hot one",
        "f=owner_id:me:": "Hot one",
        f"f=owner_id:eq:{bo.member_id}": "Cold one",
    }.items():
        page = await seen(ann, f"/leads/board?{question}")
        assert re.findall("(?:Hot|Cold) one", page)[:1] == [found], question
        assert count(page, "new") == 1
    page = await seen(ann, "/leads/board")
    assert f'href="{ann.w("/leads/board")}?f=owner_id%3Ame%3A"' in page
    assert 'name="f.field" value="rating"' in page
    assert 'name="f.field" value="status"' not in page
    gone = await sent(ann, "/leads", name="In the bin")
    assert (await ann.api.delete(f"/leads/{gone['id']}")).status_code == 204
    for question in ("?q=bin", "?deleted=1"):
        page = await seen(ann, f"/leads/board{question}")
        assert ("<article" in page, count(page, "new")) == (False, 0), question
    assert "There is no field" in await seen(ann, "/leads/board?f=nothing:eq:1", 400)
    alone = await seen(ann, "/leads/board", headers={**on_board(ann), "HX-Target": "gx-board#board"})
    assert "<html" not in alone
    assert 'id="board"' in alone


async def test_a_move_answers_card_heads_and_undo(ann):
    lead = await sent(ann, "/leads", name="A")
    await sent(ann, "/leads", name="B", rating="hot")
    answer = await move(ann, lead, "qualified", "?f=rating:eq:warm")
    assert answer.status_code == 200, answer.text
    assert answer.text.count("<hx-partial") == 3
    assert f"board-card-{lead['id']}" in answer.text
    assert (count(answer.text, "new"), count(answer.text, "qualified")) == (0, 1)
    assert (await now(ann, lead))["status"] == "qualified"
    assert (await events(ann, lead)).count("lead.updated") == 1
    assert (await move(ann, lead, "contacted")).status_code == 412
    assert (await now(ann, lead))["status"] == "qualified"
    back = await undo(ann, answer)
    assert back.status_code == 200, back.text
    assert 'id="board"' in back.text
    assert (await now(ann, lead))["status"] == "new"


async def test_a_card_that_stays_changes_nothing(ann):
    lead = await sent(ann, "/leads", name="A")
    answer = await move(ann, lead, "new")
    assert (answer.status_code, answer.text.count("<hx-partial")) == (200, 1)
    assert (await now(ann, lead))["version"] == lead["version"]


async def test_a_card_that_is_dropped_as_unqualified_asks_why(ann):
    lead = await sent(ann, "/leads", name="A", unqualified_reason="Once before")
    asked = await move(ann, lead, "unqualified")
    assert asked.status_code == 422
    for text in ("<dialog", "data-open", 'name="unqualified_reason"', "Once before"):
        assert text in asked.text, text
    assert (await now(ann, lead))["status"] == "new"
    path = f"/leads/{lead['id']}/move"
    form = {"stage": "unqualified", "unqualified_reason": "x" * 201}
    wrong = await ann.post(path, form, headers=on_board(ann))
    assert (wrong.status_code, "x" * 201 in wrong.text) == (422, True)
    done = await ann.post(path, {**form, "unqualified_reason": "No budget"}, headers=on_board(ann))
    assert done.status_code == 200, done.text
    assert 'id="board"' in done.text
    assert "#gx-dialogs" in done.text
    told = await now(ann, lead)
    assert (told["status"], told["unqualified_reason"]) == ("unqualified", "No budget")
    assert (await undo(ann, done)).status_code == 200
    told = await now(ann, lead)
    assert (told["status"], told["unqualified_reason"]) == ("new", "Once before")
    done = await ann.post(path, {**form, "unqualified_reason": ""}, headers=on_board(ann))
    told = await now(ann, lead)
    assert (done.status_code, told["status"], told["unqualified_reason"]) == (200, "unqualified", None)


async def test_a_card_that_is_dropped_as_converted_asks_what_becomes_of_it(ann):
    lead = await sent(ann, "/leads", name="王芳", company="恒通贸易")
    asked = await move(ann, lead, "converted")
    assert asked.status_code == 422
    for text in ("<dialog", f"/leads/{lead['id']}/convert", 'value="恒通贸易"'):
        assert text in asked.text, text
    assert (await now(ann, lead))["status"] == "new"
    assert await listed(ann, "/customers") == []


async def test_a_converted_lead_does_not_move(ann):
    lead = await sent(ann, "/leads", name="A")
    await sent(ann, f"/leads/{lead['id']}/convert", 200)
    lead = await now(ann, lead)
    for goal in ("new", "unqualified", "converted"):
        assert (await move(ann, lead, goal)).status_code == 409, goal
    back = await ann.post(f"/leads/{lead['id']}/put-back?status=new", headers=on_board(ann))
    assert back.status_code == 409
    assert (await now(ann, lead))["version"] == lead["version"]


@pytest.mark.parametrize("form", [{}, {"stage": ""}, {"stage": "won"}, {"stage": ["new", "new"]}])
async def test_a_move_to_nowhere_is_refused(ann, form):
    lead = await sent(ann, "/leads", name="A")
    answer = await ann.post(f"/leads/{lead['id']}/move", form, headers=on_board(ann))
    assert answer.status_code == 422
    back = await ann.post(f"/leads/{lead['id']}/put-back?status=won", headers=on_board(ann))
    assert back.status_code == 422
    assert (await now(ann, lead))["version"] == lead["version"]


async def test_without_javascript_a_move_leads_to_the_lead(ann):
    lead = await sent(ann, "/leads", name="A")
    path = f"/leads/{lead['id']}"
    assert (await ann.post(f"{path}/move", {"stage": "contacted"})).status_code == 303
    assert (await now(ann, lead))["status"] == "contacted"
    asked = await ann.post(f"{path}/move", {"stage": "unqualified"})
    assert (asked.status_code, "<html" in asked.text) == (422, True)
    assert "Why is this lead not qualified?" in asked.text
    back = await ann.post(f"{path}/put-back?status=new")
    assert (back.status_code, back.headers["location"]) == (303, ann.w(path))


async def test_more_cards_of_a_column(ann):
    lines = "\n".join(f'{{"name": "Lead {n}"}}' for n in range(53))
    assert (await ann.api.post("/leads/bulk", content=lines)).status_code == 200
    page = await seen(ann, "/leads/board?q=Lead")
    assert (count(page, "new"), column(page, "new").count("<article")) == (53, 50)
    more = page.split('id="board-more-')[1].split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "q=Lead" in more
    rest = await seen(ann, more.removeprefix(ann.w("")))
    assert rest.count("<article") == 3
    assert "hx-get" not in rest
    shown = [set(re.findall(r'data-id="([0-9a-f-]{36})"', part)) for part in (page, rest)]
    assert len(shown[0] | shown[1]) == 53
    assert (await seen(ann, "/leads/board/statuses/new")).count("<article") == 50
    await seen(ann, "/leads/board/statuses/new?cursor=x", 400)
    await seen(ann, "/leads/board/statuses/converted", 400)


async def test_others_see_and_move_only_their_own_cards(ann, bo, rea, zed):
    lead = await sent(ann, "/leads", name="Secret")
    own = await sent(bo, "/leads", name="Open")
    page = await seen(bo, "/leads/board")
    assert "Secret" not in page
    assert count(page, "new") == 1
    page = await seen(rea, "/leads/board")
    assert "Secret" in page
    assert 'data-move=""' in page
    assert "board-zones" not in page
    assert "col-add" not in page
    for person in (bo, zed):
        for path in ("move", "put-back?status=contacted"):
            answer = await person.post(f"/leads/{lead['id']}/{path}", {"stage": "contacted"})
            assert answer.status_code == 404, path
    for path in ("move", "put-back?status=contacted"):
        assert (await rea.post(f"/leads/{lead['id']}/{path}", {"stage": "contacted"})).status_code == 403
    assert (await move(bo, own, "contacted")).status_code == 200
    assert (await now(ann, lead))["version"] == lead["version"]


async def test_the_board_keeps_to_its_statements(ann, statements):
    lines = "\n".join(f'{{"name": "L{n}"}}' for n in range(60))
    await ann.api.post("/leads/bulk", content=lines)
    lead = (await listed(ann, "/leads"))[0]
    await seen(ann, "/leads/board")
    statements()
    await seen(ann, "/leads/board")
    own = [text for text in statements() if "control." not in text]
    assert len(own) <= 5, own
    answer = await move(ann, lead, "contacted")
    assert answer.status_code == 200
    own = [text for text in statements() if "control." not in text]
    assert len(own) <= 12, own
