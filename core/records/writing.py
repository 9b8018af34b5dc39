"""Single writes of any record type, through its verbs and nothing else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.ext.specs import RecordType
from core.kernel.errors import BadRequest, FieldError, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.records import lists
from core.records.changes import trimmed
from core.records.etag import check

MAX_EXTERNAL_ID = 200


async def create(ctx: Any, type_: RecordType, data: Any) -> Any:
    """Create a record and write it, so that it has its version."""
    record = await type_.verbs.create(ctx, data)
    await ctx.session.flush()
    return record


async def update(ctx: Any, type_: RecordType, record: Any, patch: Any) -> Any:
    """Change a record that the actor may edit, and write it."""
    changed = await type_.verbs.update(ctx, record, trimmed(record, patch))
    await ctx.session.flush()
    return record if changed is None else changed


async def restore(ctx: Any, type_: RecordType, record_id: UUID) -> Any:
    """Bring a deleted record back; one that is not deleted stays as it is."""
    if type_.verbs.restore is None:
        raise NotFound
    record = await lists.get(ctx, type_, record_id, action="delete", deleted=True)
    if record.deleted_at is not None:
        await type_.verbs.restore(ctx, record)
        await ctx.session.flush()
    return record


async def upsert(
    ctx: Any, type_: RecordType, external_id: str, body: object, *, headers: Mapping[str, str]
) -> tuple[Any, bool]:
    """Change the record with `external_id` by the given fields, or create it; tells whether it is new.

    Two callers of one id wait for each other. A record that the actor may not see raises Conflict by its
    unique id, as the caller may not take that id either.
    """
    values = given(body)
    if not 1 <= len(external_id) <= MAX_EXTERNAL_ID or not external_id.isprintable():
        raise Invalid.field("external_id", "value", N_("This is not a usable id."))
    if values.setdefault("external_id", external_id) != external_id:
        raise Invalid.field("external_id", "differs", N_("This differs from the id in the address."))
    await _wait_for(ctx, f"{ctx.tenant.id}:{type_.key}:{external_id}")
    model = type_.model
    record = await ctx.session.scalar(
        select(model).where(model.external_id == external_id, ctx.visible(model, f"{type_.permission}.view"))
    )
    if record is None:
        await ctx.require(f"{type_.permission}.create")
        return await create(ctx, type_, convert(type_.create, values)), True
    await ctx.require(f"{type_.permission}.edit", record)
    check(headers, record)
    return await update(ctx, type_, record, convert(type_.patch, patch_values(type_, values))), False


def given(body: object) -> dict[str, Any]:
    """Return the members of a JSON object; raises BadRequest for anything else."""
    if not isinstance(body, dict):
        raise BadRequest(code="request.malformed", detail=N_("Send a JSON object."))
    return dict(body)


def patch_values(type_: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a patch takes of `values`; a name that neither struct knows stays, to be refused."""
    only_create = set(type_.create.__struct_fields__) - set(type_.patch.__struct_fields__)
    wrong = [
        FieldError(name, "fixed", N_("This cannot be changed after creation."))
        for name in sorted(only_create & set(values) - {"external_id"})
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return {name: value for name, value in values.items() if name not in only_create}


async def _wait_for(ctx: Any, name: str) -> None:
    await ctx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
