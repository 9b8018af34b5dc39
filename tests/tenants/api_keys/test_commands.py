"""``guanxi keys``: what the operator does about keys."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.access.models import Member
from core.kernel.errors import NotFound
from tenants.api_keys import commands
from tests.fixtures.people import Person


@pytest.fixture
def run(ann: Person, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what runs the command with the parts of this process."""
    loop: list[asyncio.AbstractEventLoop] = []

    def here(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work(ann.runtime), loop[0]).result(30)

    monkeypatch.setattr(commands, "with_runtime", here)
    monkeypatch.setattr("tenants.api_keys.authentication.TTL_S", 0.0)

    async def _run(*words: str) -> Result:
        loop[:] = [asyncio.get_running_loop()]
        return await asyncio.to_thread(CliRunner().invoke, commands.keys, words)

    return _run


async def works(person: Person, key: str) -> bool:
    answer = await person.api.get("/me", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code == 200


async def listed(run: Any, key: str) -> dict[str, Any]:
    """The key as the list shows it, by what it shows of it."""
    lines = (await run("list", "acme")).output.splitlines()
    [found] = [
        one
        for one in map(json.loads, lines)
        if one["key"].startswith(key[:12]) and one["key"][-4:] == key[-4:]
    ]
    return dict(found)


async def test_a_key_is_made_shown_rotated_and_ended(ann: Person, run: Any) -> None:
    words = ("create", "acme", "--member", " ANN@acme.test", "--scope", "customers:read")
    made = await run(*words, "--days", "30", "--name", "Till")
    assert made.exit_code == 0, made.output
    key = made.output.strip()
    assert await works(ann, key)
    shown = await listed(run, key)
    assert (shown["name"], shown["mode"], shown["scopes"]) == ("Till", "live", ["customers:read"])
    assert shown["expires_at"]
    assert shown["revoked_at"] is None
    successor = (await run("rotate", shown["id"], "--hours", "1")).output.strip()
    assert await works(ann, key)
    assert await works(ann, successor)
    assert (await run("revoke", shown["id"])).exit_code == 0
    assert not await works(ann, key)
    assert (await listed(run, key))["revoked_at"]
    for_good = (await run(*words)).output.strip()
    assert (await listed(run, for_good))["expires_at"] is None


async def test_a_key_has_the_rights_of_an_active_member_of_that_workspace(
    ann: Person, bo: Person, run: Any
) -> None:
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, bo.member_id)).active = False
    for email in ("zed@beta.test", "nobody@acme.test", "bo@acme.test"):
        answer = await run("create", "acme", "--member", email, "--scope", "all:read")
        assert isinstance(answer.exception, NotFound), answer.output
    nowhere = await run("list", "nowhere")
    assert isinstance(nowhere.exception, NotFound)


async def test_a_test_key_brings_its_sandbox(ann: Person, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def copy(_runtime: Any, tenant: Any) -> Any:
        asked.append(tenant.id)
        return tenant

    monkeypatch.setattr(commands, "sandbox", copy)
    made = await run("create", "acme", "--member", "ann@acme.test", "--scope", "all:read", "--test")
    assert made.output.startswith("gx_test_")
    assert asked == [ann.tenant.id]
