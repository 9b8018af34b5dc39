import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx

from tests.fixtures.people import Person

Crew = Callable[..., Awaitable[Person]]


async def made(person: Person, **values: object) -> dict[str, object]:
    answer = await person.api.post("/boats", json={"name": "Ada", **values})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_record_is_created_read_changed_deleted_and_restored(crew: Crew) -> None:
    ann = await crew("ann")
    created = await ann.api.post("/boats", json={"name": " Ada ", "tags": ["red"], "external_id": "B-1"})
    assert created.status_code == 201, created.text
    boat = created.json()
    assert (boat["name"], boat["tags"], boat["external_id"]) == ("Ada", ["red"], "B-1")
    assert created.headers["etag"] == '"1"'
    address = f"/boats/{boat['id']}"
    assert (await ann.api.get(address)).json() == boat
    changed = await ann.api.patch(address, json={"name": "Bea"})
    assert (changed.json()["name"], changed.headers["etag"]) == ("Bea", '"2"')
    assert changed.json()["tags"] == ["red"]
    assert (await ann.api.delete(address)).status_code == 204
    assert (await ann.api.get(address)).status_code == 404
    assert (await ann.api.post(f"{address}/restore")).json()["name"] == "Bea"
    assert (await ann.api.get("/boats")).json()["data"][0]["id"] == boat["id"]


async def test_versions_are_honoured_where_they_are_sent(crew: Crew) -> None:
    ann = await crew("ann")
    address = f"/boats/{(await made(ann))['id']}"
    assert (await ann.api.get(address, headers={"If-None-Match": '"1"'})).status_code == 304
    refused = await ann.api.patch(address, json={"name": "X"}, headers={"If-Match": '"7"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition.failed")
    assert refused.headers["etag"] == '"1"'
    assert (await ann.api.patch(address, json={"name": "X"}, headers={"If-Match": '"1"'})).status_code == 200
    assert (await ann.api.delete(address, headers={"If-Match": '"1"'})).status_code == 412


async def test_all_errors_of_a_body_come_at_once_and_unknown_fields_are_refused(crew: Crew) -> None:
    ann = await crew("ann")
    wrong = await ann.api.post("/boats", json={"name": "", "length": "long", "price_minor": 10**17})
    assert wrong.status_code == 422
    assert {error["path"] for error in wrong.json()["errors"]} == {"name", "length", "price_minor"}
    unknown = await ann.api.post("/boats", json={"name": "Ada", "version": 7})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "request.unknown_field")
    assert (await ann.api.get("/boats")).json()["data"] == []


async def test_all_errors_of_a_question_come_at_once(crew: Crew) -> None:
    ann = await crew("ann")
    answer = await ann.api.get(
        "/boats?f=hull:eq:1&f=name:gt:1&sort=owner&columns=x&limit=0&f=length:eq:z&secret=1"
    )
    assert answer.status_code == 400
    paths = [error["path"] for error in answer.json()["errors"]]
    assert sorted(paths) == ["columns", "f.hull", "f.length", "f.name", "limit", "secret", "sort"]
    assert (await ann.api.get("/boats?f=length:eq:z")).status_code == 422
    assert (await ann.api.get("/boats?cursor=nonsense")).status_code == 400
    assert (await ann.api.get("/boats?view=1")).status_code == 400


async def test_a_list_pages_counts_and_filters(crew: Crew) -> None:
    ann = await crew("ann")
    for name in ("a", "b", "c"):
        await made(ann, name=name, state="new" if name < "c" else "old")
    first = (await ann.api.get("/boats?limit=2&count=1")).json()
    assert ([row["name"] for row in first["data"]], first["count"]) == (["a", "b"], 3)
    second = (await ann.api.get("/boats", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([row["name"] for row in second["data"]], second["next"]) == (["c"], None)
    assert "count" not in second
    assert len((await ann.api.get("/boats?state=new&sort=-name")).json()["data"]) == 2


async def test_an_upsert_creates_once_and_then_changes_only_what_is_given(crew: Crew) -> None:
    ann = await crew("ann")
    first = await ann.api.put("/boats/by-external-id/B-7", json={"name": "Ada", "length": 9})
    assert (first.status_code, first.json()["external_id"]) == (201, "B-7")
    second = await ann.api.put("/boats/by-external-id/B-7", json={"name": "Bea"})
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert (second.json()["name"], second.json()["length"]) == ("Bea", 9)
    assert (await ann.api.put("/boats/by-external-id/B-7", json={"hull": 1})).status_code == 400
    assert (await ann.api.put("/boats/by-external-id/B-7", json={"external_id": "B-8"})).status_code == 422


async def test_others_records_look_like_none_and_lesser_rights_are_named(crew: Crew) -> None:
    ann, bo, rea, zed = [await crew(name) for name in ("ann", "bo", "rea", "zed")]
    address = f"/boats/{(await made(ann))['id']}"
    for person, path in ((bo, address), (zed, address), (ann, f"/boats/{uuid4()}")):
        for send in (person.api.get(path), person.api.patch(path, json={}), person.api.delete(path)):
            answer = await send
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    refused = await rea.api.patch(address, json={"name": "X"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.missing")
    assert (await rea.api.get(address)).status_code == 200


async def test_a_key_without_the_scope_may_not(crew: Crew) -> None:
    ann = await crew("ann", "boats:read")
    assert (await ann.api.get("/boats")).status_code == 200
    assert (await ann.api.post("/boats", json={"name": "Ada"})).status_code == 403
    nobody = await crew("ann", "yards:read")
    assert (await nobody.api.get("/boats")).status_code == 403


async def test_the_fields_of_a_type_are_described(crew: Crew) -> None:
    ann = await crew("ann")
    told = (await ann.api.get("/boats/fields")).json()
    state = next(column for column in told["columns"] if column["name"] == "state")
    assert (state["kind"], [c["value"] for c in state["choices"]]) == ("choice", ["new", "old"])
    assert "in" in state["operations"]
    assert told["create"][0] == {
        "name": "name",
        "title": "Name",
        "kind": "name",
        "required": True,
        "max_length": 200,
        "choices": [],
        "help": None,
    }


def ndjson(*rows: object) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


async def sent(person: Person, body: str, **params: object) -> httpx.Response:
    return await person.api.post("/boats/bulk", content=body, params=params)  # type: ignore[arg-type]


async def test_bulk_rows_stand_alone(crew: Crew) -> None:
    ann = await crew("ann")
    answer = await sent(
        ann,
        ndjson(
            {"name": "Ada", "external_id": "1"},
            "not json",
            {"name": ""},
            {"name": "Titanic"},
            {"name": "Bea", "external_id": "1"},
            "",
            {"name": "Cat", "hull": 1},
            {"name": "Dot"},
        ),
    )
    outcome = answer.json()
    assert answer.status_code == 200, answer.text
    assert (outcome["created"], outcome["failed"]) == (2, 5)
    by_line = {row["line"]: row for row in outcome["results"]}
    assert sorted(by_line) == [1, 2, 3, 4, 5, 7, 8]
    assert by_line[3]["errors"][0]["path"] == "name"
    assert by_line[4]["errors"][0]["code"] == "doomed"
    assert by_line[5]["errors"][0]["code"] == "duplicate"
    assert by_line[7]["code"] == "request.unknown_field"
    names = [row["name"] for row in (await ann.api.get("/boats")).json()["data"]]
    assert names == ["Ada", "Dot"]


async def test_bulk_upserts_where_asked_and_a_dry_run_writes_nothing(crew: Crew) -> None:
    ann = await crew("ann")
    await made(ann, external_id="1", length=5)
    body = ndjson({"name": "New name", "external_id": "1"}, {"name": "Bea", "external_id": "2"})
    assert (await sent(ann, body)).json()["failed"] == 1
    await ann.api.delete(f"/boats/{(await ann.api.get('/boats?name=Bea')).json()['data'][0]['id']}")
    dry = (await sent(ann, body, upsert=1, dry_run=1)).json()
    assert (dry["created"], dry["updated"], dry["dry_run"]) == (1, 1, True)
    assert [row["name"] for row in (await ann.api.get("/boats")).json()["data"]] == ["Ada"]
    real = (await sent(ann, body, upsert=1)).json()
    assert (real["created"], real["updated"]) == (1, 1)
    rows = {row["name"]: row["length"] for row in (await ann.api.get("/boats")).json()["data"]}
    assert rows == {"New name": 5, "Bea": None}


async def test_bulk_takes_neither_nothing_nor_too_much(crew: Crew) -> None:
    ann = await crew("ann")
    assert (await sent(ann, "\n")).status_code == 422
    assert (await sent(ann, "{}\n" * 10_001)).json()["code"] == "bulk.size"


async def test_views_are_saved_shared_and_kept_apart(crew: Crew) -> None:
    ann, bo = await crew("ann"), await crew("bo")
    own = await bo.api.post(
        "/views", json={"record_type": "toy_boat", "name": "New", "query": "f=state:eq:new"}
    )
    assert own.status_code == 201, own.text
    assert (await ann.api.get("/views?record_type=toy_boat")).json()["data"] == []
    refused = await bo.api.patch(f"/views/{own.json()['id']}", json={"shared": True})
    assert refused.status_code == 403
    shared = await ann.api.post(
        "/views",
        json={
            "record_type": "toy_boat",
            "name": "Long",
            "query": "?f=length:gt:9&sort=-length&x=",
            "shared": True,
        },
    )
    assert shared.status_code == 400
    body = {"record_type": "toy_boat", "name": "Long", "query": "sort=-length&f=length:gt:9", "shared": True}
    shared = await ann.api.post("/views", json=body)
    assert shared.json()["query"] == "f=length%3Agt%3A9&sort=-length"
    names = [view["name"] for view in (await bo.api.get("/views")).json()["data"]]
    assert sorted(names) == ["Long", "New"]
    assert (await bo.api.delete(f"/views/{shared.json()['id']}")).status_code == 403
    assert (await bo.api.delete(f"/views/{own.json()['id']}")).status_code == 204
    assert (await ann.api.get(f"/views/{own.json()['id']}")).status_code == 404
