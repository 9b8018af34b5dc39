"""The roles of a workspace: what each may do, and making ones of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Controller, Request, Response

from core.access import queries, roles
from core.access.grants import REACHES, ROLE_TITLES, ROLES, of_role, scope_of
from core.access.models import Role
from core.access.schema import MemberName, RoleIn
from core.ext.specs import Permission
from core.kernel import text
from core.kernel.errors import AppError, Conflict, NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.members.options import role_options
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "members.view", roles.MANAGE
FORM = "admin/role_form.html"
GRANT = "grant."
NEW = "new"


class NameIn(msgspec.Struct, kw_only=True):
    """What a role is called."""

    name: MemberName


class RolePages(Controller):
    """What people may do."""

    path = "/settings/roles"
    include_in_schema = False

    @get("/", permission=VIEW)
    async def roles(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show how far each permission reaches for each role."""
        stored = await _stored(ctx)
        permissions = list(ctx.machinery.registry.permissions.values())
        grants = {
            key: of_role(key, permissions, stored[key].grants if key in stored else None)
            for key in dict.fromkeys([*ROLES, *stored])
        }
        return render(
            ctx,
            request,
            "admin/roles.html",
            roles=role_options(ctx, stored.values()),
            own=[key for key in stored if key not in ROLES],
            grants=grants,
            groups=_groups(ctx),
        )

    @get("/new", permission=MANAGE)
    async def new_role(self, ctx: Ctx, request: Any_, like: str = "member") -> Response[Any]:
        """Show the form of a new role, beginning with what another one may do."""
        grants = _grants(ctx, like, await _stored(ctx))
        return render(ctx, request, FORM, errors=(), **_form(ctx, NEW, "", grants), like=like)

    @post("/new", permission=MANAGE)
    async def create_role(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Make a role."""
        return await _save(ctx, request, NEW)

    @get("/{key:str}", permission=MANAGE)
    async def role(self, ctx: Ctx, request: Any_, key: str) -> Response[Any]:
        """Show a role of the workspace's own; the built-in ones are copied, not changed."""
        found = _one(await _stored(ctx), key)
        grants = _grants(ctx, key, {key: found})
        return render(ctx, request, FORM, errors=(), **_form(ctx, key, found.name, grants))

    @post("/{key:str}", permission=MANAGE)
    async def save_role(self, ctx: Ctx, request: Any_, key: str) -> Response[Any]:
        """Change a role."""
        _one(await _stored(ctx), key)
        return await _save(ctx, request, key)

    @post("/{key:str}/delete", permission=MANAGE)
    async def delete_role(self, ctx: Ctx, request: Any_, key: str) -> Response[Any]:
        """Remove a role that nobody has."""
        found = _one(await _stored(ctx), key)
        try:
            await roles.delete_role(ctx, key)
        except Conflict as error:
            grants = _grants(ctx, key, {key: found})
            return form_again(ctx, request, FORM, error, **_form(ctx, key, found.name, grants))
        said = ctx.t(N_("{role} is removed."), role=found.name)
        return toast(redirect(request, ctx.w("/settings/roles")), said)


async def _save(ctx: Ctx, request: Any_, key: str) -> Response[Any]:
    sent = await form_values(request)
    grants = {name.removeprefix(GRANT): reach for name, reach in sent.items() if name.startswith(GRANT)}
    try:
        name = convert(NameIn, {"name": sent.get("name", "")}, text=True).name
        target = await _new_key(ctx, name) if key == NEW else key
        await roles.save_role(ctx, target, convert(RoleIn, {"name": name, "grants": grants}))
    except AppError as error:
        return form_again(ctx, request, FORM, error, **_form(ctx, key, str(sent.get("name", "")), grants))
    said = ctx.t(N_("{role} is saved."), role=name)
    return toast(redirect(request, ctx.w("/settings/roles")), said)


async def _stored(ctx: Ctx) -> dict[str, Role]:
    return {role.key: role for role in await queries.custom_roles(ctx.session)}


def _one(stored: Mapping[str, Role], key: str) -> Role:
    if key in ROLES or key not in stored:
        raise NotFound
    return stored[key]


def _grants(ctx: Ctx, key: str, stored: Mapping[str, Role]) -> Mapping[str, str]:
    permissions = ctx.machinery.registry.permissions.values()
    return of_role(key, permissions, stored[key].grants if key in stored else None)


def _form(ctx: Ctx, key: str, name: str, grants: Mapping[str, str]) -> dict[str, Any]:
    return {"role_key": key, "name": name, "grants": grants, "groups": _groups(ctx), "titles": ROLE_TITLES}


def _groups(ctx: Ctx) -> list[tuple[str, list[tuple[Permission, tuple[str, ...]]]]]:
    """The permissions of the modules that are on, under their modules' titles, each with the reaches it knows."""
    registry = ctx.machinery.registry
    found: dict[str, list[tuple[Permission, tuple[str, ...]]]] = {}
    for permission in registry.permissions.values():
        if registry.is_on(permission.plugin, ctx.tenant.plugins):
            title = registry.modules[permission.plugin].manifest.title
            found.setdefault(title, []).append((permission, _reaches(permission)))
    for permissions in found.values():
        permissions.sort(key=lambda pair: scope_of(pair[0]).partition(":")[0])
    return list(found.items())


def _reaches(permission: Permission) -> tuple[str, ...]:
    is_owned = {"own", "team"} & set(permission.reach.values())
    return REACHES if is_owned else ("none", "all")


async def _new_key(ctx: Ctx, name: str) -> str:
    """A key of ASCII letters from a name in any script that no role has."""
    spelt = re.sub("[^a-z0-9]+", "_", text.fold(text.pinyin(name, person=False))).strip("_")[:30]
    base = spelt if re.match("[a-z]", spelt) else f"role_{spelt}".rstrip("_")
    taken = {*ROLES, NEW, *(await _stored(ctx))}
    return next(key for key in (base, *(f"{base}_{n}" for n in range(2, 1000))) if key not in taken)
