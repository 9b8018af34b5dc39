"""The description of the API: valid OpenAPI 3.1, complete, and true under bodies and questions nobody would send."""

from __future__ import annotations

import os
import random
import re
import string
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from core.kernel.validate import FieldMeta, fields
from tests.contract.routes import API, Call
from tests.contract.samples import sample
from tests.contract.world import World

SEED = int(os.environ.get("GUANXI_FUZZ_SEED") or random.randrange(2**32))
TRIES = int(os.environ.get("GUANXI_FUZZ_TRIES", "4"))
PROBLEMS = frozenset({400, 401, 403, 404, 409, 412, 422, 429})
JUNK: tuple[Any, ...] = (
    None,
    "",
    " ",
    "\x00",
    "\ud800",
    "a" * 30_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE customer; --",
    "=HYPERLINK(1)",
    "{{7*7}}",
    "../../etc/passwd",
    "٣",
    "1e400",
    0,
    -1,
    2**63,
    -(2**70),
    1e308,
    0.1,
    True,
    [],
    [[]],
    {},
    {"a": {"b": []}},
    "0001-01-01",
    "9999-12-31T23:59:59.999999Z",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
    [None] * 200,
)


@pytest.fixture(scope="module")
async def schema(world: World) -> dict[str, Any]:
    answer = await world.ours.owner.api.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def api(world: World) -> list[Call]:
    return [call for call in world.calls if call.is_api and call.is_guarded]


def normal(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path).rstrip("/")


def test_it_is_of_version_3_1_and_its_references_lead_somewhere(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    known = schema.get("components", {}).get("schemas", {})
    lost = {ref for ref in references(schema) if ref.rpartition("/")[2] not in known}
    assert lost == set()
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(ids) == len(set(ids))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method.upper(), operation


def test_every_route_of_the_api_is_in_it_and_no_page_is(world: World, schema: dict[str, Any]) -> None:
    described = {(method, normal(path)) for path, method, _ in operations(schema)}
    wanted = {(call.method, normal(call.template)) for call in api(world)}
    assert wanted - described == set()
    assert {path for _, path in described if not path.startswith(API)} == set()


def test_every_operation_names_its_success_and_its_body(world: World, schema: dict[str, Any]) -> None:
    by_place = {(method, normal(path)): operation for path, method, operation in operations(schema)}
    wrong = []
    for call in api(world):
        operation = by_place[call.method, normal(call.template)]
        if not any(status.startswith("2") for status in operation["responses"]):
            wrong.append(f"{call}: no success")
        if call.body and "requestBody" not in operation:
            wrong.append(f"{call}: no body")
    assert not wrong, "\n".join(wrong)


def bodies(call: Call, world: World, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Bodies that are right but for one or two fields."""
    assert call.body is not None
    known: list[FieldMeta] = list(fields(call.body))
    for _ in range(TRIES):
        body = sample(call.body, world.ours.ids, full=dice.random() < 0.5)
        for meta in dice.sample(known, min(len(known), dice.randint(1, 2))):
            body[meta.name] = dice.choice(JUNK)
        yield body


@pytest.mark.usefixtures("as_it_was")
async def test_no_body_breaks_a_route(world: World, schema: dict[str, Any]) -> None:
    dice = random.Random(SEED)
    wrong = []
    for call in api(world):
        if not call.body:
            continue
        known = {name: (world.ours.ids.get(call.folder(name)) or [str(uuid4())])[-2:][0] for name in call.ids}
        path = call.address({**{name: call.word(name) for name in call.words}, **known}).removeprefix(API)
        for body in bodies(call, world, dice):
            content = dumped(body)
            answer = await world.ours.owner.api.request(call.method, path, content=content)
            if not is_expected(call, answer.status_code, answer.headers.get("content-type", "")):
                wrong.append(f"{call}: {answer.status_code} for {content[:300]!r}: {answer.text[:200]}")
    assert not wrong, f"GUANXI_FUZZ_SEED={SEED}\n" + "\n".join(wrong)


def dumped(body: dict[str, Any]) -> bytes:
    import json

    return json.dumps(body).encode()


def is_expected(call: Call, status: int, media_type: str) -> bool:
    if status in PROBLEMS:
        return media_type == "application/problem+json"
    return status == call.handler.status_code or status in {200, 201, 204, 304}


@pytest.mark.long
async def test_no_question_breaks_a_route(world: World) -> None:
    dice = random.Random(SEED)
    names = (
        "limit",
        "cursor",
        "sort",
        "f",
        "q",
        "columns",
        "count",
        "deleted",
        "name",
        "after",
        "view",
        "owner_id",
    )
    texts = (
        "",
        "x",
        "-1",
        "0",
        "99999999999999999999",
        "name:eq:",
        "::",
        "f:x",
        "\x00",
        "%",
        "'",
        "中",
        "a" * 3000,
    )
    wrong = []
    for call in world.calls:
        if not call.is_guarded or call.method != "GET" or call.streams:
            continue
        known = {name: (world.ours.ids.get(call.folder(name)) or [str(uuid4())])[0] for name in call.ids}
        words = {name: dice.choice(("x", "%00", "名", "a" * 300, call.word(name))) for name in call.words}
        path = call.address({"workspace": world.ours.tenant.slug, **words, **known})
        client = world.ours.owner.api if call.is_api else world.ours.owner.page
        for _ in range(TRIES):
            query = [(dice.choice(names), dice.choice(texts)) for _ in range(dice.randint(1, 3))]
            answer = await client.get(path.removeprefix(API) if call.is_api else path, params=query)
            if answer.status_code >= 500:
                wrong.append(f"{call} {query}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, f"GUANXI_FUZZ_SEED={SEED}\n" + "\n".join(wrong)


@pytest.mark.usefixtures("as_it_was")
async def test_no_form_breaks_a_page(world: World) -> None:
    dice = random.Random(SEED)
    owner, wrong = world.ours.owner, []
    texts = ["", " ", "x", "\x00", "-1", "1e400", "9" * 40, "a" * 30_000, "2026-02-30", "中", str(uuid4())]
    for call in world.calls:
        if call.is_api or not call.is_guarded or not call.writes:
            continue
        known = {name: (world.ours.ids.get(call.folder(name)) or [str(uuid4())])[-1] for name in call.ids}
        path = call.address(
            {"workspace": owner.tenant.slug, **{name: call.word(name) for name in call.words}, **known}
        )
        for _ in range(TRIES):
            names = [*dice.sample(FORM_NAMES, 4), "".join(dice.choices(string.ascii_lowercase, k=5))]
            form = {"_csrf": owner.csrf, **{name: dice.choice(texts) for name in names}}
            answer = await owner.page.post(path, data=form)
            if answer.status_code >= 500:
                wrong.append(f"{call} {sorted(form)}: {answer.status_code} {answer.text[-300:]}")
    assert not wrong, f"GUANXI_FUZZ_SEED={SEED}\n" + "\n".join(wrong)


FORM_NAMES = [
    *(
        "name",
        "version",
        "owner_id",
        "email",
        "phone",
        "tags",
        "amount_minor",
        "ids",
        "all",
        "kind",
        "title",
        "body",
    ),
    *("due_at", "stage_id", "position", "file", "text", "occurred_at", "locale", "q", "query", "shared"),
]
