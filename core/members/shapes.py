"""Answers with several members, departments, roles or shares."""

from typing import Any, TypeVar

import msgspec

from core.access.schema import MemberOut, RoleOut, ShareOut, UnitOut

S = TypeVar("S", bound=msgspec.Struct)


class Members(msgspec.Struct):
    """People."""

    data: list[MemberOut]


class Units(msgspec.Struct):
    """Departments."""

    data: list[UnitOut]


class Roles(msgspec.Struct):
    """Roles."""

    data: list[RoleOut]


class Shares(msgspec.Struct):
    """Shares."""

    data: list[ShareOut]


def shaped(struct: type[S], record: Any) -> S:
    """Show a record as a struct of the same names."""
    return struct(**{name: getattr(record, name) for name in struct.__struct_fields__})
