"""The departments of a workspace, as the tree that team rights follow."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access import queries, units
from core.access.models import Unit
from core.access.schema import UnitIn, UnitPatch
from core.access.service import MANAGE
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.members.options import unit_options
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post
from tenants.admin import forms

Any_ = Request[Any, Any, Any]
PAGE = "admin/units.html"
FORM = "admin/unit_form.html"


class UnitPages(Controller):
    """The departments."""

    path = "/settings/units"
    include_in_schema = False

    @get("/", permission="members.view")
    async def list_units(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the tree and how many people are in each department."""
        return render(ctx, request, PAGE, **await _tree(ctx), values={}, errors=())

    @post("/", permission=MANAGE)
    async def create_unit(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Make a department."""
        tree = await _tree(ctx)
        try:
            unit = await units.create_unit(ctx, await read_form(request, UnitIn))
        except AppError as error:
            return form_again(ctx, request, PAGE, error, **tree, values=await form_values(request))
        return _back(ctx, request, ctx.t(N_("{unit} is created."), unit=unit.name))

    @get("/{unit_id:uuid}", permission=MANAGE)
    async def unit(self, ctx: Ctx, request: Any_, unit_id: UUID) -> Response[Any]:
        """Show the form of a department."""
        unit = await queries.one(ctx.session, Unit, unit_id)
        fields = forms.unit(await _above(ctx, unit))
        return render(
            ctx, request, FORM, unit=unit, fields=fields, values=forms.values(unit, fields), errors=()
        )

    @post("/{unit_id:uuid}", permission=MANAGE)
    async def change_unit(self, ctx: Ctx, request: Any_, unit_id: UUID) -> Response[Any]:
        """Rename or move a department."""
        unit = await queries.one(ctx.session, Unit, unit_id)
        fields = forms.unit(await _above(ctx, unit))
        try:
            await units.update_unit(ctx, unit, await read_form(request, UnitPatch))
        except AppError as error:
            sent = await form_values(request)
            return form_again(ctx, request, FORM, error, unit=unit, fields=fields, values=sent)
        return _back(ctx, request, ctx.t(N_("{unit} is saved."), unit=unit.name))

    @post("/{unit_id:uuid}/delete", permission=MANAGE)
    async def delete_unit(self, ctx: Ctx, request: Any_, unit_id: UUID) -> Response[Any]:
        """Remove an empty department."""
        unit = await queries.one(ctx.session, Unit, unit_id)
        await units.delete_unit(ctx, unit)
        return _back(ctx, request, ctx.t(N_("{unit} is deleted."), unit=unit.name))


async def _tree(ctx: Ctx) -> dict[str, Any]:
    """Departments with their depth, each below the one above it, and the people in each."""
    found = await queries.units(ctx.session)
    names = {str(unit.id): unit.name for unit in found}
    placed = sorted(found, key=lambda unit: [(names[key], key) for key in unit.path.strip("/").split("/")])
    people = Counter(member.unit_id for member in await queries.people(ctx.session))
    rows = [(unit, unit.path.count("/") - 2, people[unit.id]) for unit in placed]
    return {"rows": rows, "fields": forms.unit(unit_options(found))}


async def _above(ctx: Ctx, unit: Unit) -> list[tuple[str, str]]:
    """Where a department may belong: anywhere but below itself."""
    found = await queries.units(ctx.session)
    below = {str(one.id) for one in found if one.path.startswith(unit.path)}
    return [(key, name) for key, name in unit_options(found) if key not in below]


def _back(ctx: Ctx, request: Any_, said: str) -> Response[Any]:
    return toast(redirect(request, ctx.w("/settings/units")), said)
