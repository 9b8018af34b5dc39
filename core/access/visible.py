"""The decision of decide.py as a condition for lists; the two must always agree."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, bindparam, exists, false, or_, select, true

from core.access.decide import Facts, Level, Who, is_view, share_levels
from core.access.grants import reach_of
from core.access.models import Share
from core.kernel.db import Restrictable


def visible(actor: Who, model: type[Any], permission: str) -> ColumnElement[bool]:
    """Return the condition under which `actor` may use `permission` on a row of `model`."""
    reached = _reached(actor, model, permission)
    if is_view(permission) or not issubclass(model, Restrictable):
        return reached
    return and_(reached, model.restricted_at.is_(None))


def _reached(actor: Who, model: type[Any], permission: str) -> ColumnElement[bool]:
    if actor.kind == "system":
        return true()
    reach = reach_of(actor.grants, permission)
    if reach == "none":
        return false()
    owner = getattr(model, "owner_id", None)
    if reach == "all" or owner is None:
        return true()
    ways: list[ColumnElement[bool]] = []
    if actor.member_id is not None:
        ways.append(owner == actor.member_id)
    if reach == "team":
        ways.append(owner.is_(None))
        if actor.team_ids:
            ways.append(_is_any(owner, actor.team_ids))
    ways.extend(_shared(actor, model, permission))
    return or_(false(), *ways)


def facts(record: Any, share: Level | None = None) -> Facts:
    """Return what decides about a loaded record; its owner is the attribute `owner_id`, if it has one."""
    return Facts(
        hasattr(type(record), "owner_id"),
        getattr(record, "owner_id", None),
        share,
        getattr(record, "restricted_at", None) is not None,
    )


def _is_any(column: Any, ids: frozenset[UUID]) -> ColumnElement[bool]:
    """Compare with an array: one statement text for any number of ids."""
    array = bindparam(None, sorted(ids), type_=ARRAY(Uuid()), unique=True)
    return column == any_(array)  # type: ignore[no-any-return]


def _shared(actor: Who, model: type[Any], permission: str) -> list[ColumnElement[bool]]:
    levels = share_levels(permission)
    if actor.member_id is None or not levels:
        return []
    shared = select(Share.id).where(
        Share.member_id == actor.member_id,
        Share.record_type == model.__tablename__,
        Share.record_id == model.id,
        Share.level.in_(levels),
    )
    return [exists(shared.correlate(model))]
