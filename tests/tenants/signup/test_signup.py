"""How workspaces begin."""

import json

import pytest

from core.kernel.errors import Conflict, Invalid
from tenants.accounts import service as accounts
from tenants.signup import demo, service
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.slugs import is_reserved, suggest

NEW = WorkspaceIn(name="Nova", slug="nova", locale="zh_CN", currency="CNY")


async def test_a_workspace_begins_with_its_owner(runtime, committing):
    tenant = await service.create_workspace(runtime, NEW)
    owner = OwnerIn(name="Nora", email="Nora@nova.test")
    first = await service.add_member(runtime, tenant, owner, password="a long password")
    again = await service.add_member(runtime, tenant, owner, password="is not used")
    assert first == again
    async with runtime.control() as control:
        account = await accounts.known(control, "nora@nova.test", "a long password")
        assert account.locale == "zh_CN"


async def test_an_address_is_taken_once(runtime, tenant, committing):
    with pytest.raises(Conflict):
        await service.create_workspace(runtime, WorkspaceIn(name="Acme", slug=tenant.slug))


async def test_reserved_addresses_are_refused(runtime):
    with pytest.raises(Invalid):
        await service.create_workspace(runtime, WorkspaceIn(name="Admin", slug="admin"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("恒通贸易有限公司", "hengtongmaoyi"),
        ("Brightline Software", "brightline-software"),
        ("Admin", ""),
        ("42", ""),
        ("!!!", ""),
    ],
)
def test_addresses_are_suggested(name, slug):
    assert suggest(name) == slug
    assert not is_reserved(slug)


@pytest.mark.long
async def test_the_demo_is_made_once(runtime, committing):
    made = await demo.make(runtime)
    assert [workspace["slug"] for workspace in made["workspaces"]] == ["hengtong", "brightline"]
    path = runtime.settings.home / demo.FILE
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text()) == made
    assert await demo.make(runtime) == made
    path.unlink()
