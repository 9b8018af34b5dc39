"""Acts on all that a list finds, a step of 200 records at a time, in the context of whoever asked for it."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.ext.specs import JobSpec, RecordType
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.records import actions, lists
from core.records.query import parse

NAME: Final = "records.act"


class BulkParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which action on which list."""

    record_type: str
    action: str
    query: str
    params: dict[str, Any]


async def act_on_all(run: Any) -> None:
    """Take the list in the order of ids, so that what the action changes is neither skipped nor met twice."""
    number = run.steps
    while not run.state.get("is_done"):
        number += 1
        await run.step(f"batch-{number}", _batch, run)


async def some(ctx: Any, type_: RecordType, ids: Sequence[str], *, deleted: bool = False) -> list[Any]:
    """Read the records of these ids that the actor may see, or those in the bin; what is no id is nobody's."""
    wanted = [UUID(one) for one in ids if _is_id(one)]
    model = type_.model
    seen = ctx.visible(model, f"{type_.permission}.view")
    statement = select(model).where(model.id.in_(wanted), seen)
    if deleted:
        statement = statement.where(*lists.in_bin(model))
    return list(await ctx.session.scalars(statement, execution_options={"include_deleted": deleted}))


async def _batch(ctx: Any, run: Any) -> None:
    params: BulkParams = run.params
    type_ = ctx.machinery.registry.records.get(params.record_type)
    if type_ is None:
        raise NotFound
    query = parse(type_, parse_qsl(params.query, keep_blank_values=True), lists.reading(ctx))
    action = actions.find(ctx, type_, params.action, deleted=query.deleted)
    statement = select(type_.model).where(*lists.conditions(ctx, query))
    if run.state.get("after"):
        statement = statement.where(type_.model.id > UUID(run.state["after"]))
    statement = statement.order_by(type_.model.id).limit(actions.FEW)
    records = list(await ctx.session.scalars(statement, execution_options=lists.options(query)))
    values = msgspec.convert(params.params, action.params, strict=False) if action.params else None
    # An attempt that fails leaves its record unread, its id with it.
    last = records[-1].id if records else None
    done = await actions.act(ctx, type_, action, records, values)
    run.progress(done=run.done + done, failed=run.failed + len(records) - done)
    run.state["is_done"] = len(records) < actions.FEW
    if last is not None:
        run.state["after"] = str(last)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


JOB: Final = JobSpec(
    name=NAME, handler=act_on_all, params=BulkParams, title=N_("Change many records"), kind="bulk"
)
