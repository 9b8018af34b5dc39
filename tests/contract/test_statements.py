"""How many SQL statements a request costs: frozen, and the same for many rows as for few."""

from __future__ import annotations

import httpx
import pytest

import core.runtime
import core.tenancy.directory
import tenants.accounts.authentication
import tenants.api_keys.authentication
from core.ext.registry import load
from core.ext.specs import RecordType
from tests.contract.routes import API, Call
from tests.contract.statements import counted
from tests.contract.world import World, below

LIST, GET, BOARD, RECORD = 4, 4, 8, 12
OTHER = 12
TYPES = list(load().records.values())
by_type = pytest.mark.parametrize("type_", TYPES, ids=[type_.key for type_ in TYPES])


@pytest.fixture(autouse=True)
def _known_for_long(unwritten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second, which is how long a process knows who asks, is over too soon."""
    for module, name in (
        (core.runtime, "ACTOR_TTL_S"),
        (tenants.accounts.authentication, "TTL_S"),
        (tenants.api_keys.authentication, "TTL_S"),
        (core.tenancy.directory, "FRESH_S"),
    ):
        monkeypatch.setattr(module, name, 600.0)


async def cost(client: httpx.AsyncClient, path: str) -> list[str]:
    """The statements of a request after an equal one, when who asks is known already."""
    first = await client.get(path)
    assert first.status_code == 200, (path, first.text[:1000])
    with counted() as seen:
        await client.get(path)
    return seen


def within(seen: list[str], most: int) -> None:
    assert len(seen) <= most, "\n\n".join(seen)


@by_type
async def test_the_api_reads_a_list_and_one_in_few_statements(world: World, type_: RecordType) -> None:
    api, path = world.ours.owner.api, below(world.runtime, type_)
    few, many = await cost(api, f"{path}?limit=5"), await cost(api, f"{path}?limit=60")
    within(many, LIST)
    assert len(few) == len(many)
    within(await cost(api, f"{path}/{world.ours.ids[type_.key][0]}"), GET)


@by_type
async def test_a_member_who_sees_less_costs_no_more(world: World, type_: RecordType) -> None:
    api = world.ours.people["member"].api
    within(await cost(api, f"{below(world.runtime, type_)}?limit=60&count=1"), LIST + 1)


@by_type
async def test_the_pages_of_a_type_keep_within_their_budget(world: World, type_: RecordType) -> None:
    if not type_.pages:
        return
    # Nobody writes to the other workspace: its newest five rows point at as much as the rest.
    side, path = world.theirs, below(world.runtime, type_)
    owner = side.owner
    every = ",".join(column.key for column in type_.columns)
    few, many = [await cost(owner.page, owner.w(f"{path}?limit={n}&columns={every}")) for n in (5, 60)]
    within(many, LIST + 2)
    assert len(few) == len(many), "\n\n".join(set(many) ^ set(few))
    shown = f"{path}/{side.ids[type_.key][0]}"
    if (await owner.page.get(owner.w(shown))).status_code == 200:
        within(await cost(owner.page, owner.w(shown)), RECORD)


def other_pages(world: World) -> list[Call]:
    """The pages without a record in their address."""
    return [call for call in world.calls if call.is_guarded and call.method == "GET" and not call.ids]


async def test_no_other_page_costs_much(world: World) -> None:
    owner, wrong = world.ours.owner, []
    for call in other_pages(world):
        if call.words or call.asked or call.streams:
            continue
        client = owner.api if call.is_api else owner.page
        path = call.address({"workspace": owner.tenant.slug}).removeprefix(API if call.is_api else "")
        most = BOARD if "board" in path else OTHER
        if (await client.get(path)).status_code != 200:
            continue
        seen = await cost(client, path)
        if len(seen) > most:
            wrong.append(f"{call}: {len(seen)} statements\n  " + "\n  ".join(sql[:150] for sql in seen))
    assert not wrong, "\n".join(wrong)
