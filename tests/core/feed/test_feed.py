"""The feed as another system follows it."""

import pytest


@pytest.fixture
async def told(ann, drain):
    made = [(await ann.api.post("/customers", json={"name": f"恒通{n}"})).json() for n in range(3)]
    await ann.api.patch(f"/customers/{made[0]['id']}", json={"city": "佛山"})
    await drain()
    return made


async def test_positions_are_dense_and_paged_without_a_gap(ann, told):
    after, seen = 0, []
    while True:
        answer = await ann.api.get("/changes", params={"after": after, "limit": 2})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += page["data"]
        after = page["next"]
        if not page["has_more"]:
            break
    positions = [event["position"] for event in seen]
    assert positions == list(range(positions[0], positions[0] + len(seen)))
    ours = [event for event in seen if event["record_type"] == "customer"]
    assert [event["name"] for event in ours] == [*["customer.created"] * 3, "customer.updated"]
    assert ours[-1]["changes"] == {"city": [None, "佛山"]}
    assert ours[-1]["actor"]["name"] == "Ann"


async def test_the_end_of_the_feed_is_where_one_stands(ann, told):
    last = (await ann.api.get("/changes", params={"limit": 500})).json()["next"]
    assert (await ann.api.get("/changes", params={"after": last})).json() == {
        "data": [],
        "next": last,
        "has_more": False,
    }


async def test_types_narrow(ann, told):
    assert (await ann.api.get("/changes", params={"types": "nothing"})).json()["data"] == []


async def test_it_takes_a_reach_over_everything(bo, mia, zed, told):
    assert (await bo.api.get("/changes")).status_code == 403
    assert (await mia.api.get("/changes")).status_code == 403
    assert (await zed.api.get("/changes")).json()["data"] == []


@pytest.mark.parametrize("query", [{"after": -1}, {"after": 2**63}, {"limit": 0}, {"limit": 501}])
async def test_wrong_values_are_refused(ann, query):
    answer = await ann.api.get("/changes", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == next(iter(query))


@pytest.mark.parametrize("query", [{"after": "x"}, {"limit": "1.5"}])
async def test_what_is_no_number_is_refused(ann, query):
    assert (await ann.api.get("/changes", params=query)).status_code in {400, 422}
