"""Every struct that a route takes or gives: it decodes, refuses what it does not know, and guards what is not sent."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages
from uuid import uuid4

import msgspec
import pytest

from core.ext import specs
from core.ext.registry import ROOTS, load
from core.ext.specs import RecordType
from core.kernel.errors import AppError
from core.kernel.validate import convert, fields
from tests.contract.routes import API
from tests.contract.samples import sample
from tests.contract.world import World, below

TYPES = list(load().records.values())
by_type = pytest.mark.parametrize("type_", TYPES, ids=[type_.key for type_ in TYPES])


def structs() -> Iterator[type[msgspec.Struct]]:
    """Every struct of the repository's modules."""
    for top in ROOTS:
        if find_spec(top) is None:
            continue
        for found in walk_packages(import_module(top).__path__, f"{top}."):
            if found.name.endswith("__main__") or ".versions" in found.name:
                continue
            for value in vars(import_module(found.name)).values():
                if isinstance(value, type) and issubclass(value, msgspec.Struct):
                    yield value


def test_every_struct_decodes() -> None:
    """Also by msgspec itself, which OpenAPI is made from: bounds belong inside of ``| None``, not around it."""
    wrong = {}
    for struct in structs():
        if issubclass(struct, specs.Spec) or struct.__module__ == specs.__name__:
            continue
        try:
            msgspec.json.Decoder(struct)
            msgspec.json.schema(struct)
            fields(struct)
        except TypeError as error:
            wrong[f"{struct.__module__}.{struct.__name__}"] = str(error)
    assert wrong == {}


async def test_every_body_refuses_a_field_that_it_does_not_know(world: World) -> None:
    """With 400 and the field's name, whatever else is wrong; and whatever is no object, with 400."""
    api, wrong = world.ours.owner.api, []
    for call in world.calls:
        if not (call.is_api and call.body):
            continue
        known = {name: (world.ours.ids.get(call.folder(name)) or [str(uuid4())])[0] for name in call.ids}
        path = call.address({**{name: call.word(name) for name in call.words}, **known}).removeprefix(API)
        body = sample(call.body, world.ours.ids)
        answer = await api.request(call.method, path, json={**body, "no_such_field": 1})
        named = [error["path"] for error in answer.json().get("errors", ())]
        if answer.status_code != 400 or "no_such_field" not in named:
            wrong.append(f"{call}: {answer.status_code} {answer.text}")
        for junk in (b"", b"[]", b"null", b"1", b"{", b'{"a":NaN}', b'{"a":1,"a":2}', b"\xff", b"[" * 10_000):
            answer = await api.request(call.method, path, content=junk)
            if answer.status_code != 400 or answer.headers["content-type"] != "application/problem+json":
                wrong.append(f"{call} {junk[:20]!r}: {answer.status_code} {answer.text}")
    assert not wrong, "\n" + "\n".join(wrong)


@by_type
def test_every_field_of_a_patch_can_be_left_out(type_: RecordType) -> None:
    assert type_.patch()
    assert convert(type_.patch, {}) == type_.patch()


@by_type
async def test_what_is_not_sent_cannot_be_set(world: World, type_: RecordType) -> None:
    """Every column of the table that the structs do not have is refused, and the row stays as it is."""
    api, path = world.ours.owner.api, below(world.runtime, type_)
    url = f"{path}/{world.ours.ids[type_.key][0]}"
    before = (await api.get(url)).json()
    columns = {column.key for column in type_.model.__table__.columns}
    for struct, send, where in ((type_.create, api.post, path), (type_.patch, api.patch, url)):
        for name in sorted(columns - set(struct.__struct_fields__)):
            body = sample(struct, world.ours.ids) if struct is type_.create else {}
            answer = await send(where, json={**body, name: before.get(name)})
            assert (answer.status_code, answer.json()["code"]) == (400, "request.unknown_field"), name
    assert (await api.get(url)).json() == before


@by_type
async def test_an_empty_patch_changes_nothing(world: World, type_: RecordType) -> None:
    api = world.ours.owner.api
    url = f"{below(world.runtime, type_)}/{world.ours.ids[type_.key][1]}"
    before = await api.get(url)
    answer = await api.patch(url, json={})
    assert (answer.status_code, answer.json()) == (200, before.json())


@by_type
async def test_what_was_sent_is_read_back(world: World, type_: RecordType) -> None:
    api, path = world.ours.owner.api, below(world.runtime, type_)
    body = sample(type_.create, world.ours.ids, full=True)
    made = await api.post(path, json=body)
    assert made.status_code == 201, made.text
    read = (await api.get(f"{path}/{made.json()['id']}")).json()
    assert read == made.json()
    lost = [name for name, value in body.items() if name in read and value and read[name] in (None, "", [])]
    assert lost == []


@by_type
def test_a_stale_version_is_an_error_of_ours(type_: RecordType) -> None:
    assert type_.model.__mapper__.version_id_col is not None
    assert issubclass(AppError, Exception)
