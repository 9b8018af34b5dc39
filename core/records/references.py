"""Checks that what a record points at exists and may be seen, in one statement per kind of target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.access.models import Member
from core.kernel.db import Restrictable
from core.kernel.errors import FieldError
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx


def wanted(rows: Iterable[Any], names: Iterable[str]) -> dict[str, set[UUID]]:
    """The ids that rows name in some fields, without None and what is not given."""
    kept = list(rows)
    return {name: {value for row in kept if isinstance(value := getattr(row, name), UUID)} for name in names}


async def missing(ctx: Ctx, model: type[Any], permission: str, ids: set[UUID]) -> set[UUID]:
    """Those of the ids that do not exist, or not for the actor, or may only be kept."""
    if not ids:
        return set()
    found = select(model.id).where(model.id.in_(ids), ctx.visible(model, permission))
    if issubclass(model, Restrictable):
        found = found.where(model.restricted_at.is_(None))
    return ids - set(await ctx.session.scalars(found))


async def no_member(ctx: Ctx, ids: set[UUID], *, path: str = "owner_id") -> list[FieldError]:
    """An error where one of the ids is no active member."""
    if not ids:
        return []
    known = set(await ctx.session.scalars(select(Member.id).where(Member.id.in_(ids), Member.active)))
    return [FieldError(path, "reference", N_("There is no such active member."))] if ids - known else []
