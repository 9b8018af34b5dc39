"""What a role or a key may do: permission -> how far it reaches. Pure; never touches the database."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Protocol, get_args

from core.ext.specs import Reach
from core.kernel.i18n import N_

Grants = Mapping[str, Reach]

REACHES: Final[tuple[Reach, ...]] = get_args(Reach)
ROLES: Final = ("owner", "admin", "manager", "member", "readonly")
ROLE_TITLES: Final[Mapping[str, str]] = {
    "owner": N_("Workspace owner"),
    "admin": N_("Administrator"),
    "manager": N_("Manager"),
    "member": N_("Member"),
    "readonly": N_("Read only"),
}
NOTHING: Final[Grants] = MappingProxyType({})

_READS: Final = frozenset({"view", "export", "read", "list"})


class Grantable(Protocol):
    """The part of a permission's declaration that grants are made of."""

    @property
    def name(self) -> str: ...
    @property
    def reach(self) -> Mapping[str, Reach]: ...
    @property
    def scope(self) -> str | None: ...


def narrower(one: Reach, other: Reach) -> Reach:
    """Return the smaller of two reaches."""
    return min(one, other, key=REACHES.index)


def reach_of(grants: Mapping[str, str], permission: str) -> Reach:
    """Tell how far `permission` reaches; what nobody granted reaches nowhere."""
    reach = grants.get(permission, "none")
    return reach if reach in REACHES else "none"


def of_role(role: str, permissions: Iterable[Grantable], stored: Mapping[str, str] | None = None) -> Grants:
    """Return the grants of a role: declared defaults of the built-in five, overlaid by the stored row.

    A role of the workspace's own starts from nothing. Stored names that no installed module declares and
    values that are no reach are dropped, so a removed plugin leaves no right behind.
    """
    grants: dict[str, Reach] = {}
    for permission in permissions:
        wanted = (stored or {}).get(permission.name, permission.reach.get(role, "none"))
        grants[permission.name] = _reach(wanted)
    return MappingProxyType(grants)


def of_key(grants: Grants, scopes: Iterable[str], permissions: Iterable[Grantable]) -> Grants:
    """Return what remains of a role's grants in the hands of an API key with `scopes`.

    Scopes read 'customers:read' or 'customers:write'; write implies read. A permission outside of every
    scope reaches nowhere, whatever the role says.
    """
    held = set(scopes)
    held |= {f"{scope.rpartition(':')[0]}:read" for scope in held if scope.endswith(":write")}
    return MappingProxyType(
        {p.name: reach_of(grants, p.name) if scope_of(p) in held else "none" for p in permissions}
    )


def narrowed(grants: Mapping[str, str], bound: Mapping[str, str]) -> Grants:
    """Return what of `grants` goes no further than `bound`."""
    return MappingProxyType(
        {name: narrower(reach_of(grants, name), reach_of(bound, name)) for name in grants}
    )


def scope_of(permission: Grantable) -> str:
    """Return the scope that a key needs: the declared one, else read or write of the resource."""
    if permission.scope is not None:
        return permission.scope
    resource, _, action = permission.name.rpartition(".")
    return f"{resource}:{'read' if action in _READS else 'write'}"


def _reach(value: str) -> Reach:
    for reach in REACHES:
        if reach == value:
            return reach
    return "none"
