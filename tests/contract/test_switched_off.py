"""A module that a workspace has switched off is not there: its routes, menu entries, panels and subscribers."""

from dataclasses import replace
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from core.app import create_app
from core.ext.registry import Registry, load
from core.ext.specs import Action, Nav, Panel, Widget
from tests.contract.routes import API, guarded
from tests.contract.samples import sample
from tests.contract.world import World
from tests.fixtures.people import BASE


@pytest.fixture(scope="module")
def optional() -> Registry:
    """All modules, each of a kind that has to be switched on."""
    registry = load()
    for module in registry.modules.values():
        if module.manifest.kind == "optional":
            # The workspaces have switched these on, so they are out of order instead: nobody can tell.
            module.error = "switched off"
        module.manifest = msgspec.structs.replace(module.manifest, kind="optional")
    return registry


@pytest.fixture(scope="module")
def bare(world: World, optional: Registry) -> Litestar:
    made = replace(world.runtime, registry=optional)
    # Who somebody is, is told by modules that cannot be switched off.
    made.__dict__["_authenticators"] = world.runtime._authenticators
    return create_app(made)


async def test_no_route_of_it_answers(world: World, bare: Litestar) -> None:
    owner = world.ours.owner
    wrong = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=bare), base_url=BASE) as client:
        client.headers["Authorization"] = f"Bearer {owner.key}"
        client.cookies = owner.page.cookies
        unknown = await client.get(f"{API}/no-such-thing")
        for call in guarded(bare):
            known = {name: (world.ours.ids.get(call.folder(name)) or [str(uuid4())])[0] for name in call.ids}
            values = {
                "workspace": world.ours.tenant.slug,
                **{name: call.word(name) for name in call.words},
                **known,
            }
            body = {"json": sample(call.body, world.ours.ids)} if call.body else {}
            if not call.is_api and call.writes:
                body = {"data": {"_csrf": owner.csrf}}
            answer = await client.request(call.method, call.address(values), **body)
            if answer.status_code != 404 or (call.is_api and keys(answer) != keys(unknown)):
                wrong.append(f"{call}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n" + "\n".join(wrong)


def keys(answer: httpx.Response) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "instance"}


async def test_nothing_of_it_shows(world: World, optional: Registry) -> None:
    runtime = replace(world.runtime, registry=optional)
    async with runtime.enter(world.ours.owner.principal) as ctx:
        for spec in (Nav, Panel, Widget, Action):
            assert optional.serve(spec, ctx) == []
        for event in optional.events:
            for in_transaction in (True, False):
                found = optional.subscribers(event, ctx.tenant.plugins, in_transaction=in_transaction)
                assert not found
