from datetime import date
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from core.kernel.errors import AppError, Invalid
from core.kernel.types import Email, Name
from core.kernel.validate import convert


class Node(msgspec.Struct):
    name: Name
    children: list["Node"] = []
    parent: "Node | None" = None


class Mail(msgspec.Struct, tag="mail"):
    to: Email


class Wait(msgspec.Struct, tag="wait"):
    days: Annotated[int, Meta(ge=1)]


class Flow(msgspec.Struct):
    steps: list[Mail | Wait]
    limit: int | str = 0


class Period(msgspec.Struct):
    from_on: date
    to_on: date

    def __post_init__(self) -> None:
        if self.to_on < self.from_on:
            raise Invalid.field("to_on", "min", "The end is before the start")


class Outer(msgspec.Struct):
    period: Period


def errors_of(struct, data, **options):
    with pytest.raises(AppError) as caught:
        convert(struct, data, **options)
    return {error.path: error.code for error in caught.value.errors}, caught.value


def test_structs_may_contain_themselves():
    tree = convert(Node, {"name": "a", "children": [{"name": "b", "parent": {"name": "c"}}], "parent": None})
    assert tree.children[0].parent.name == "c"
    codes, _ = errors_of(Node, {"name": "a", "children": [{"name": "b", "parent": {"name": ""}}]})
    assert codes == {"children.0.parent.name": "required"}


def test_tagged_unions_are_read_by_their_tag():
    flow = convert(
        Flow, {"steps": [{"type": "wait", "days": 2}, {"type": "mail", "to": "A@b.cn"}], "limit": "many"}
    )
    assert flow == Flow([Wait(2), Mail("a@b.cn")], "many")
    codes, _ = errors_of(Flow, {"steps": [{"type": "wait", "days": 0}, {"type": "fly"}, {"to": "a@b.cn"}, 7]})
    assert codes == {
        "steps.0.days": "min",
        "steps.1.type": "choice",
        "steps.2.type": "choice",
        "steps.3": "type",
    }


def test_a_struct_may_check_how_its_fields_go_together():
    good = {"from_on": "2026-01-01", "to_on": "2026-01-02"}
    assert convert(Outer, {"period": good}).period.to_on == date(2026, 1, 2)
    codes, _ = errors_of(Outer, {"period": {**good, "to_on": "2025-01-01"}})
    assert codes == {"period.to_on": "min"}
