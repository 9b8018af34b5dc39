"""The board: totals, pages of columns, filters, and its statements."""

from tests.core.pipeline.conftest import listed, sent


async def test_the_board_counts_sums_and_weighs(ann, bo):
    stages = await listed(ann, "/stages?sort=position")
    for amount in (100_00, 300_00):
        await sent(ann, "/deals", name="A", amount_minor=amount, stage_id=stages[1]["id"])
    own = await sent(ann, "/deals", name="B", amount_minor=100_00, probability=100, stage_id=stages[1]["id"])
    gone = await sent(ann, "/deals", name="C", amount_minor=9_999_00, stage_id=stages[1]["id"])
    await sent(ann, f"/deals/{gone['id']}/win", 200)
    board = (await ann.api.get(f"/pipelines/{stages[1]['pipeline_id']}/board")).json()
    assert [column["name"] for column in board["columns"]] == [stage["name"] for stage in stages]
    column = board["columns"][1]
    assert (column["count"], column["base_sum_minor"], column["weighted_minor"]) == (3, 500_00, 200_00)
    assert [deal["name"] for deal in column["deals"]] == ["B", "A", "A"]
    path = f"/pipelines/{stages[1]['pipeline_id']}/board"
    narrowed = (await ann.api.get(f"{path}?f=amount_minor:gt:200")).json()["columns"][1]
    assert (narrowed["count"], narrowed["base_sum_minor"]) == (1, 300_00)
    assert (await bo.api.get(path)).json()["columns"][1]["count"] == 0
    assert (await ann.api.get(f"/pipelines/{own['id']}/board")).status_code == 404
    assert (await ann.api.get(f"{path}?nothing=1")).status_code == 400


async def test_a_column_shows_fifty(ann):
    stages = await listed(ann, "/stages?sort=position")
    lines = "\n".join(f'{{"name": "Deal {n}"}}' for n in range(53))
    answer = await ann.api.post("/deals/bulk", content=lines)
    assert answer.status_code == 200, answer.text
    board = (await ann.api.get(f"/pipelines/{stages[0]['pipeline_id']}/board")).json()
    first = board["columns"][0]
    assert (first["count"], len(first["deals"])) == (53, 50)
    assert first["next"]
