import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.core.records.test_api import made
from tests.fixtures.people import Person

Crew = Callable[..., Awaitable[Person]]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
async def ann(crew: Crew) -> Person:
    return await crew("ann")


async def seen(person: Person, path: str, **options: Any) -> httpx.Response:
    answer = await person.page.get(person.w(path), **options)
    assert answer.status_code == 200, answer.text[:2000]
    return answer


async def test_an_empty_list_says_what_to_do_first(ann: Person) -> None:
    page = await seen(ann, "/boats")
    assert "Create the first one" in page.text
    assert ann.w("/boats/new") in page.text


async def test_a_list_shows_names_links_choices_and_sums(ann: Person) -> None:
    await made(ann, name="Ada <b>", state="new", price_minor=123456, owner_id=str(ann.member_id))
    text = (await seen(ann, "/boats")).text
    assert "Ada &lt;b&gt;" in text
    assert "Ann" in text
    assert "1,234.56" in text
    assert 'data-tone="good"' in text


async def test_filters_stand_as_chips_and_can_be_taken_off(ann: Person) -> None:
    await made(ann, name="Ada", state="new")
    await made(ann, name="Bea", state="old")
    page = await seen(ann, "/boats?f=state:eq:new&f=name:contains:d&sort=-name")
    assert "Ada" in page.text
    assert "Bea" not in page.text
    assert 'href="/w/acme/boats?sort=-name&amp;f=name%3Acontains%3Ad"' in page.text


async def test_the_three_fields_of_a_plain_form_make_one_filter(ann: Person) -> None:
    await made(ann, name="Ada", length=3)
    page = await seen(ann, "/boats?f.field=length&f.op=gt&f.value=4")
    assert "Nothing found" in page.text
    assert "length%3Agt%3A4" in page.text or "length:gt:4" in page.text


async def test_a_wrong_filter_is_explained_on_the_list(ann: Person) -> None:
    await made(ann)
    page = await ann.page.get(ann.w("/boats?f=length:eq:many&f=hull:eq:1"))
    assert page.status_code == 400
    assert "This is not a number." in page.text
    assert "There is no field hull." in page.text
    assert "Ada" in page.text


async def test_the_table_alone_answers_filters_and_paging(ann: Person) -> None:
    for name in "abc":
        await made(ann, name=name)
    part = await seen(ann, "/boats?limit=2", headers={**PART, "HX-Target": "gx-table#list"})
    assert "<html" not in part.text
    assert part.text.lstrip().startswith("<gx-table")
    following = re.search(r'rel="next" href="([^"]+)"', part.text)
    assert following
    second = await ann.page.get(following[1].replace("&amp;", "&"))
    assert ">c</a>" in second.text
    former = re.search(r'rel="prev" href="([^"]+)"', second.text)
    assert former
    first = await ann.page.get(former[1].replace("&amp;", "&"))
    assert ">a</a>" in first.text


async def test_a_record_can_be_looked_at_beside_its_list(ann: Person) -> None:
    boat = await made(ann, notes="Leaks")
    page = await seen(ann, f"/boats?preview={boat['id']}")
    assert "Leaks" in page.text
    part = await seen(ann, f"/boats?preview={boat['id']}", headers={**PART, "HX-Target": "aside#gx-side"})
    assert "<html" not in part.text
    assert "Leaks" in part.text
    for nothing in (uuid4(), "x"):
        assert "Leaks" not in (await seen(ann, f"/boats?preview={nothing}")).text


async def test_a_form_creates_a_record_and_shows_all_errors_at_once(ann: Person) -> None:
    form = await seen(ann, "/boats/new?name=Ada")
    assert 'value="Ada"' in form.text
    assert '<select id="f-state"' in form.text
    assert f'<option value="{ann.member_id}" selected>Ann' in form.text
    wrong = await ann.post("/boats/new", {"name": "", "length": "x", "price_minor": "1.234567"})
    assert wrong.status_code == 422
    for place in ("f-name", "f-length", "f-price_minor"):
        assert f'href="#{place}"' in wrong.text
    assert 'value="1.234567"' in wrong.text
    answer = await ann.post(
        "/boats/new",
        {
            "name": "Ada",
            "price_minor": "1,234.5",
            "currency": "CNY",
            "tags": "red，fast",
            "owner_id": str(ann.member_id),
        },
    )
    assert answer.status_code == 303, answer.text[:3000]
    (boat,) = (await ann.api.get("/boats")).json()["data"]
    assert (boat["price_minor"], boat["tags"]) == (123450, ["red", "fast"])
    assert answer.headers["location"] == ann.w(f"/boats/{boat['id']}")


async def test_a_form_changes_a_record_and_notices_others(ann: Person) -> None:
    boat = await made(ann, price_minor=5000)
    path = f"/boats/{boat['id']}/edit"
    form = await seen(ann, path)
    assert 'name="version" value="1"' in form.text
    assert 'value="50.00"' in form.text
    saved = await ann.post(path, {"name": "Bea", "price_minor": "", "version": "1"})
    assert saved.status_code == 303, saved.text[:500]
    late = await ann.post(path, {"name": "Cat", "version": "1"})
    assert late.status_code == 412
    assert "Somebody else" in late.text
    assert 'value="Cat"' in late.text


async def test_one_cell_is_edited_in_its_place(ann: Person) -> None:
    boat = await made(ann, length=5)
    path = f"/boats/{boat['id']}/cells/length"
    form = await seen(ann, path)
    assert form.text.lstrip().startswith("<td")
    assert 'name="version" value="1"' in form.text
    wrong = await ann.post(path, {"length": "long", "version": "1"})
    assert (wrong.status_code, "long" in wrong.text) == (422, True)
    right = await ann.post(path, {"length": "1,200", "version": "1"})
    assert right.status_code == 200
    assert "1,200" in right.text
    late = await ann.post(path, {"length": "7", "version": "1"})
    assert (late.status_code, "Somebody else" in late.text) == (412, True)
    assert (await ann.post(path, {"length": "7"})).status_code == 412
    shown = await seen(ann, f"{path}?show=1")
    assert "<form" not in shown.text
    assert (await ann.page.get(ann.w(f"/boats/{boat['id']}/cells/notes"))).status_code == 404


async def test_cells_of_every_kind_can_be_set(ann: Person) -> None:
    boat = await made(ann)
    values = {"state": "old", "price": "12.50", "tags": "a, b", "owner": str(ann.member_id), "name": "Zoe"}
    for column, value in values.items():
        version = (await ann.api.get(f"/boats/{boat['id']}")).json()["version"]
        path = f"/boats/{boat['id']}/cells/{column}"
        assert (await ann.page.get(ann.w(path))).status_code == 200
        answer = await ann.post(path, {column: value, "version": str(version)})
        assert answer.status_code == 200, (column, answer.text)
    now = (await ann.api.get(f"/boats/{boat['id']}")).json()
    assert (now["state"], now["price_minor"], now["tags"], now["name"]) == ("old", 1250, ["a", "b"], "Zoe")


async def test_deleting_offers_to_undo(ann: Person) -> None:
    boat = await made(ann)
    answer = await ann.post(f"/boats/{boat['id']}/delete", headers=PART)
    assert answer.headers["hx-location"] == ann.w("/boats")
    assert f"/boats/{boat['id']}/restore" in answer.headers["hx-trigger"]
    assert "Ada" not in (await seen(ann, "/boats")).text
    assert (await ann.post(f"/boats/{boat['id']}/restore")).status_code == 303
    assert "Ada" in (await seen(ann, "/boats")).text


async def test_selected_records_are_assigned_tagged_and_deleted(ann: Person, crew: Crew) -> None:
    bo = await crew("bo")
    boats = [await made(ann, name=name) for name in "abc"]
    ids = [boat["id"] for boat in boats[:2]]
    assert "bulk-assign" in (await seen(ann, "/boats")).text
    answer = await ann.post("/boats/bulk/assign", {"ids": ids, "owner_id": str(bo.member_id)})
    assert answer.status_code == 303, answer.text[:2000]
    assert len((await bo.api.get("/boats")).json()["data"]) == 2
    await ann.post("/boats/bulk/tag", {"ids": ids, "tag": "blue"})
    assert (await ann.post("/boats/bulk/tag", {"ids": ids, "tag": ""})).status_code == 422
    assert len((await ann.api.get("/boats?tags=blue")).json()["data"]) == 2
    await bo.post("/boats/bulk/delete", {"ids": [boat["id"] for boat in boats]})
    assert [row["name"] for row in (await ann.api.get("/boats")).json()["data"]] == ["c"]
    assert (await ann.post("/boats/bulk/explode", {"ids": ids})).status_code == 404


async def test_a_view_is_saved_from_the_list_and_opens_it_again(ann: Person) -> None:
    await made(ann, name="Ada", state="new")
    answer = await ann.post("/boats/views", {"title": "Fresh", "query": "f=state%3Aeq%3Anew"})
    assert answer.status_code == 303, answer.text[:2000]
    page = await ann.page.get(answer.headers["location"])
    assert "Fresh" in page.text
    assert 'aria-current="page"><span>Fresh' in page.text
    refused = await ann.post("/boats/views", {"title": "", "query": "f=state%3Aeq%3Anew"})
    assert refused.status_code == 422


async def test_a_field_finds_records_to_choose(ann: Person) -> None:
    await made(ann, name="Ada")
    await made(ann, name="Bea")
    found = await seen(ann, "/boats/options?q=be")
    assert "Bea" in found.text
    assert "Ada" not in found.text


async def test_pages_of_what_one_may_not_see_are_not_there(ann: Person, crew: Crew) -> None:
    bo, rea, zed = await crew("bo"), await crew("rea"), await crew("zed")
    boat = await made(ann)
    for person in (bo, zed):
        for path in ("edit", "cells/name"):
            assert (await person.page.get(person.w(f"/boats/{boat['id']}/{path}"))).status_code == 404
        assert (await person.post(f"/boats/{boat['id']}/delete")).status_code == 404
    assert "Ada" in (await seen(rea, "/boats")).text
    assert "cell-edit" not in (await seen(rea, "/boats")).text
    assert (await rea.page.get(rea.w("/boats/new"))).status_code == 403


async def test_pages_and_answers_keep_to_their_statements(
    ann: Person, statements: Callable[[], list[str]]
) -> None:
    boat = await made(ann, owner_id=str(ann.member_id))
    for _ in range(60):
        await made(ann)
    budgets = {
        "/boats": 4,
        "/boats?sort=-name&f=state:ne:new&limit=200": 4,
        f"/boats/{boat['id']}/edit": 4,
        f"/boats/{boat['id']}/cells/owner": 4,
    }
    for path, budget in budgets.items():
        await seen(ann, path)
        statements()
        await seen(ann, path)
        assert len(of_tenant(statements())) <= budget, path
    for path, budget in {"/boats?limit=200&count=1": 4, f"/boats/{boat['id']}": 4}.items():
        await ann.api.get(path)
        statements()
        await ann.api.get(path)
        assert len(of_tenant(statements())) <= budget, path


def of_tenant(statements: list[str]) -> list[str]:
    return [statement for statement in statements if "control." not in statement]
