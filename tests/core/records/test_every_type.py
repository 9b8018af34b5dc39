"""Every declared record type has a list, fields and forms that answer."""

from collections.abc import Awaitable, Callable

import pytest

from core.ext.registry import Registry, load
from core.ext.specs import RecordType
from core.records.forms import field_of
from core.records.query import is_sortable
from core.tenancy.directory import Tenant
from tests.fixtures.people import Person

TYPES = list(load().records.values())
KEYS = [type_.key for type_ in TYPES]


Having = Callable[[str], Awaitable[Tenant]]


async def switch_on(person: Person, registry: Registry, type_: RecordType, having: Having) -> None:
    """Let the workspace have the module of a type, where it does not already."""
    if not registry.is_on(type_.plugin, person.tenant.plugins):
        await having(type_.plugin)


def below(registry: Registry, type_: RecordType) -> str:
    return f"{registry.below(type_.plugin)}/{type_.path}"


@pytest.mark.parametrize("type_", TYPES, ids=KEYS)
async def test_the_api_lists_and_describes(
    ann: Person, registry: Registry, type_: RecordType, having: Having
) -> None:
    await switch_on(ann, registry, type_, having)
    path = below(registry, type_)
    sorts = ",".join(column.key for column in type_.columns if is_sortable(column))
    every = ",".join(column.key for column in type_.columns)
    for question in ("", f"?sort={sorts}", f"?columns={every}", "?q=a&count=1&deleted=1"):
        answer = await ann.api.get(f"{path}{question}")
        assert answer.status_code == 200, (question, answer.text)
    assert (await ann.api.get(f"{path}/fields")).status_code == 200


@pytest.mark.parametrize("type_", [t for t in TYPES if t.pages], ids=[t.key for t in TYPES if t.pages])
async def test_the_pages_answer(ann: Person, registry: Registry, type_: RecordType, having: Having) -> None:
    await switch_on(ann, registry, type_, having)
    path = below(registry, type_)
    every = ",".join(column.key for column in type_.columns)
    for page in (path, f"{path}?columns={every}", f"{path}/new", f"{path}/options?q=a"):
        answer = await ann.page.get(ann.w(page))
        assert answer.status_code == 200, (page, answer.text[:2000])


@pytest.mark.parametrize("type_", TYPES, ids=KEYS)
def test_what_can_be_edited_in_place_is_a_field_of_the_patch(type_: RecordType) -> None:
    lost = [c.key for c in type_.columns if c.editable and field_of(c) not in type_.patch.__struct_fields__]
    assert not lost


@pytest.mark.parametrize("type_", TYPES, ids=KEYS)
def test_shares_and_references_find_the_type_by_its_table(type_: RecordType) -> None:
    assert type_.key == type_.model.__tablename__
    assert (type_.owner is not None) == hasattr(type_.model, "owner_id")
