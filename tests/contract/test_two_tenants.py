"""The matrix of two workspaces: every route with every id of the other one, by everybody who has no business there.

A foreign id is answered like an id that never was, to the byte; a refused write has written nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from core.ext.specs import Action, Panel
from tests.contract.routes import API, Call
from tests.contract.samples import id_fields, sample
from tests.contract.world import Side, World, key
from tests.fixtures.people import BASE

OWN_HEADERS = frozenset({"x-request-id", "content-length", "set-cookie", "date"})
CHANGING = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|\b\d+\.\d+ ?ms")


def none_of(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(wrong)


@dataclass
class Seen:
    """An answer without what differs from one request to the next."""

    status: int
    body: str
    headers: dict[str, str]


def seen(answer: httpx.Response, *words: str) -> Seen:
    body = answer.text
    for word in words:
        body = body.replace(word, "…")
    headers = {
        name: CHANGING.sub("…", value)
        for name, value in answer.headers.items()
        if name not in OWN_HEADERS and not name.startswith("ratelimit")
    }
    return Seen(answer.status_code, CHANGING.sub("…", body), headers)


@pytest.fixture(autouse=True)
async def nothing_changes(world: World) -> AsyncIterator[None]:
    """Neither side's tables may differ after a test of this module."""
    before = [world.checksum(side) for side in (world.ours, world.theirs)]
    yield
    for side, kept in zip((world.ours, world.theirs), before, strict=True):
        after = world.checksum(side)
        changed = [table for table, digest in after.items() if kept.get(table) != digest]
        assert changed == [], f"tables of {side.tenant.slug} were changed"


def words(world: World, call: Call) -> Iterator[dict[str, str]]:
    """Values for the places of an address that take a word."""
    registry = world.runtime.registry
    if {"record_type", "place", "key"} <= set(call.words):
        for panel in registry.items(Panel):
            record_type, _, place = panel.slot.partition(".")
            yield {"record_type": record_type, "place": place, "key": panel.key}
        return
    folder = call.folder(call.words[0]).partition("/")[0] if call.words else ""
    type_ = next((item for item in registry.records.values() if folder == item.path), None)
    if type_ and "column" in call.words:
        yield {"column": next((c.key for c in type_.columns if c.editable), "name")}
    elif type_ and "action" in call.words:
        actions = [item.key for item in registry.items(Action) if item.record_type == type_.key]
        yield from ({"action": action} for action in actions or ["none"])
    else:
        yield {name: call.word(name) for name in call.words}


def foreign(world: World, call: Call, place: str) -> list[str]:
    """The other side's ids for a place: those of its kind, else one of every kind."""
    ids = world.theirs.ids
    own = ids.get(call.folder(place), ())[:1]
    return list(own) or [found[0] for found in ids.values() if found]


async def send(
    call: Call, client: httpx.AsyncClient, path: str, side: Side, **options: Any
) -> httpx.Response:
    """Send a request that is in order but for its address."""
    options.setdefault("params", question(call, side))
    if call.is_api:
        path = path.removeprefix(API) if str(client.base_url).rstrip("/").endswith(API) else path
        if call.writes and call.body is not None:
            options.setdefault("json", sample(call.body, side.ids))
    elif call.writes:
        options.setdefault("data", {"_csrf": side.owner.csrf})
    return await client.request(call.method, path, **options)


def question(call: Call, side: Side) -> dict[str, str]:
    """What the query of a route must have."""
    return {
        name: side.ids["customer"][0] if type_ is UUID else "customer" for name, type_ in call.asked.items()
    }


def client_of(call: Call, side: Side, role: str = "owner") -> httpx.AsyncClient:
    person = side.people[role]
    return person.api if call.is_api else person.page


@pytest.mark.long
async def test_an_id_of_the_other_workspace_is_like_none(world: World) -> None:
    wrong, tried = [], 0
    for call in world.calls:
        if not (call.is_guarded and call.ids):
            continue
        for named in words(world, call):
            base = {"workspace": world.ours.tenant.slug, **named}
            client = client_of(call, world.ours)
            never = str(uuid4())
            path = call.address({**base, **dict.fromkeys(call.ids, never)})
            expected = seen(await send(call, client, path, world.ours), never)
            for id_ in foreign(world, call, call.ids[0]):
                path = call.address({**base, **dict.fromkeys(call.ids, id_)})
                found = seen(await send(call, client, path, world.ours), id_)
                tried += 1
                if found != expected or found.status != 404:
                    wrong.append(f"{call} {named}: {found} instead of {expected}")
    none_of(wrong)
    assert tried > 50


async def test_an_id_of_the_other_workspace_in_a_body_is_like_none(world: World) -> None:
    wrong = []
    for call in world.calls:
        if not (call.is_api and call.writes and call.body) or call.ids:
            continue
        for meta in id_fields(call.body):
            answers = []
            body = sample(call.body, world.ours.ids)
            for id_ in (str(uuid4()), foreign_for(world, meta.name)):
                path = call.address({name: call.word(name) for name in call.words})
                answer = await send(
                    call, world.ours.owner.api, path, world.ours, json={**body, meta.name: id_}
                )
                answers.append(seen(answer, id_))
            if answers[0] != answers[1] or answers[1].status not in {200, 404, 422}:
                wrong.append(f"{call} {meta.name}: {answers[1]} instead of {answers[0]}")
    none_of(wrong)


def foreign_for(world: World, field: str) -> str:
    ids = world.theirs.ids
    return (ids.get(field.removesuffix("_id")) or ids["member" if "owner" in field else "customer"])[0]


@pytest.mark.long
async def test_an_id_of_the_other_workspace_in_a_query_is_like_none(world: World) -> None:
    wrong = []
    for call in world.calls:
        if not call.is_guarded or call.ids or call.words or call.method != "GET" or call.streams:
            continue
        path = call.address({"workspace": world.ours.tenant.slug})
        for name in dict.fromkeys([*call.asked, "owner_id", "customer_id", "preview", "q"]):
            answers = []
            for id_ in (str(uuid4()), foreign_for(world, name)):
                query = {**question(call, world.ours), name: id_}
                answers.append(
                    seen(await client_of(call, world.ours).get(path_of(call, path), params=query), id_)
                )
            if answers[0] != answers[1] or answers[0].status >= 500:
                wrong.append(f"{call} {name}: {answers[1].status} instead of {answers[0].status}")
    none_of(wrong)


def path_of(call: Call, path: str) -> str:
    return path.removeprefix(API) if call.is_api else path


def addresses(world: World, side: Side) -> Iterator[tuple[Call, str]]:
    """Every guarded route with ids that exist on a side."""
    for call in world.calls:
        if not call.is_guarded:
            continue
        for named in words(world, call):
            known = {name: (side.ids.get(call.folder(name)) or [str(uuid4())])[0] for name in call.ids}
            yield call, call.address({"workspace": side.tenant.slug, **named, **known})


async def test_the_other_workspace_is_no_address(world: World) -> None:
    """Its pages answer like those of a workspace that never was."""
    wrong = []
    slug = world.theirs.tenant.slug
    for call, path in addresses(world, world.theirs):
        if call.is_api:
            continue
        nowhere = path.replace(f"/w/{slug}", "/w/nowhere")
        client = world.ours.owner.page
        answers = [
            seen(await send(call, client, where, world.ours), slug, "nowhere") for where in (path, nowhere)
        ]
        if answers[0] != answers[1] or answers[0].status != 404:
            wrong.append(f"{call}: {answers[0]} instead of {answers[1]}")
    none_of(wrong)


async def test_nobody_gets_in_without_a_login(world: World) -> None:
    client = await world.client()
    wrong = []
    for call, path in addresses(world, world.theirs):
        answer = await send(call, client, path, world.theirs)
        is_kept_out = (
            answer.status_code == 401
            if call.is_api
            else answer.status_code == 303 and answer.headers["location"].startswith("/login")
        )
        if not is_kept_out:
            wrong.append(f"{call}: {answer.status_code}")
    none_of(wrong)


async def test_what_is_no_key_opens_nothing(world: World) -> None:
    """An expired key, a made-up one, a session's token; and a key opens no page."""
    owner = world.ours.owner
    expired = await key(world, owner, "customers:read", days=-1)
    refused = [expired, owner.key[:-1] + ("a" if owner.key[-1] != "a" else "b"), owner.token, ""]
    api = [(call, path) for call, path in addresses(world, world.ours) if call.is_api]
    wrong = []
    for text in refused:
        client = await world.client(headers={"Authorization": f"Bearer {text}"})
        for call, path in api:
            answer = await send(call, client, path, world.ours)
            if answer.status_code != 401:
                wrong.append(f"{call}: {answer.status_code}")
    client = await world.client(headers={"Authorization": f"Bearer {owner.key}"})
    for call, path in addresses(world, world.ours):
        if not call.is_api and (answer := await send(call, client, path, world.ours)).status_code != 303:
            wrong.append(f"{call}: {answer.status_code}")
    none_of(wrong)


async def test_a_session_opens_no_api(world: World) -> None:
    client = world.ours.owner.page
    wrong = [
        str(call)
        for call, path in addresses(world, world.ours)
        if call.is_api and (await send(call, client, path, world.ours)).status_code != 401
    ]
    none_of(wrong)


async def test_who_lacks_the_permission_is_refused(world: World) -> None:
    """Somebody whose role reaches nothing, and a key of the owner's with a scope that no route needs."""
    registry = world.runtime.registry
    text = await key(world, world.ours.owner, "nothing:read")
    scoped = await world.client(base_url=f"{BASE}{API}", headers={"Authorization": f"Bearer {text}"})
    wrong = []
    for call, path in addresses(world, world.ours):
        if call.opt["permission"] not in registry.permissions:
            continue
        clients = [client_of(call, world.ours, "nobody")] + ([scoped] if call.is_api else [])
        for client in clients:
            data = None if call.is_api or not call.writes else {"_csrf": world.ours.people["nobody"].csrf}
            options = {"data": data} if data else {}
            answer = await send(call, client, path, world.ours, **options)
            if answer.status_code != 403:
                wrong.append(f"{call}: {answer.status_code} {answer.text[:200]}")
    none_of(wrong)


async def test_who_may_only_read_writes_nothing(world: World) -> None:
    registry = world.runtime.registry
    wrong = []
    for call, path in addresses(world, world.ours):
        permission = registry.permissions.get(call.opt["permission"])
        if permission is None or permission.reach.get("readonly", "none") != "none":
            continue
        answer = await send(
            call,
            client_of(call, world.ours, "readonly"),
            path,
            world.ours,
            **({} if call.is_api else {"data": {"_csrf": world.ours.people["readonly"].csrf}}),
        )
        if answer.status_code != 403:
            wrong.append(f"{call}: {answer.status_code}")
    none_of(wrong)


async def test_forms_without_their_token_are_refused(world: World) -> None:
    wrong = []
    for call, path in addresses(world, world.ours):
        if call.is_api or not call.writes:
            continue
        for options in ({"data": {"_csrf": "x"}}, {"headers": {"Origin": "https://evil.example"}}):
            answer = await send(call, world.ours.owner.page, path, world.ours, **options)
            if answer.status_code != 403:
                wrong.append(f"{call}: {answer.status_code}")
    none_of(wrong)
