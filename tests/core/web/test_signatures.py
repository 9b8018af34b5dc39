from __future__ import annotations

import inspect
from typing import Annotated, Any
from uuid import UUID

import pytest
from litestar import Litestar, Router
from litestar.testing import TestClient

from core.web.routing import get
from core.web.signatures import mark, places


@get("/{record_id:uuid}", public=True)
async def show(record_id: UUID) -> None: ...


def test_each_parameter_is_marked_by_where_it_comes_from() -> None:
    async def handler(
        ctx: int, data: dict[str, int], slug: str, page: int, own: Annotated[int, "x"]
    ) -> None: ...

    mark(handler, {"slug"})
    found = {name: repr(kind) for name, kind in inspect.get_annotations(handler).items()}
    for name, marker in {
        "ctx": "Dependency",
        "data": "BodyKwarg",
        "slug": "PathParameter",
        "page": "QueryParameter",
    }.items():
        assert marker in found[name]
    assert inspect.get_annotations(handler)["own"] == "Annotated[int, 'x']"
    mark(handler, ())
    assert {name: repr(kind) for name, kind in inspect.get_annotations(handler).items()} == found


def test_names_of_every_layer_belong_to_the_address() -> None:
    router = Router(path="/w/{workspace:str}", route_handlers=[])
    assert places([router, show, object()]) == {"workspace", "record_id"}


@pytest.mark.filterwarnings("error")
def test_a_mounted_handler_gets_its_values() -> None:
    @get("/{number:int}", public=True, opt={"asset": True})
    async def one(number: int, workspace: str, page: int = 1) -> dict[str, Any]:
        return {"number": number, "workspace": workspace, "page": page}

    app = Litestar([Router(path="/w/{workspace:str}", route_handlers=[one])], openapi_config=None)
    with TestClient(app) as client:
        answer = client.get("/w/north/7?page=3")
    assert answer.json() == {"number": 7, "workspace": "north", "page": 3}
