"""What forms offer to choose from: roles and departments. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.access import queries
from core.access.grants import ROLE_TITLES, ROLES
from core.access.models import Role, Unit

Options = list[tuple[str, str]]


async def places(ctx: Any) -> tuple[Options, Options]:
    """The roles and the departments to choose from."""
    roles = role_options(ctx, await queries.custom_roles(ctx.session))
    return roles, unit_options(await queries.units(ctx.session))


def role_options(ctx: Any, stored: Iterable[Role]) -> Options:
    """The roles to choose from: the built-in ones, then the workspace's own."""
    named = {role.key: role.name for role in stored if role.key not in ROLES}
    return [(key, ctx.t(ROLE_TITLES[key])) for key in ROLES] + list(named.items())


def unit_options(units: Sequence[Unit]) -> Options:
    """The departments to choose from, each with those above it."""
    names = {str(unit.id): unit.name for unit in units}
    return [
        (str(unit.id), " / ".join(names[key] for key in unit.path.strip("/").split("/"))) for unit in units
    ]
