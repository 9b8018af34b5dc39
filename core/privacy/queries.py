"""Reads of requests about people's data, and of who was erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Text, any_, bindparam, cast, exists, select

from core.kernel.errors import NotFound
from core.kernel.jobs import JobRunRow
from core.kernel.texts import texts
from core.privacy.models import DataRequest, Suppression
from core.tenancy.ctx import Ctx

PAGE = 50
PURPOSE = "data_suppression"


async def get(ctx: Ctx, request_id: UUID) -> DataRequest:
    """Read one request; raises NotFound."""
    found = await ctx.session.get(DataRequest, request_id)
    if found is None:
        raise NotFound
    return found


async def newest(ctx: Ctx, *, before: UUID | None = None, limit: int = PAGE) -> Sequence[DataRequest]:
    """Read requests, newest first; ids follow time."""
    statement = select(DataRequest)
    if before is not None:
        statement = statement.where(DataRequest.id < before)
    return (await ctx.session.scalars(statement.order_by(DataRequest.id.desc()).limit(limit))).all()


async def of_record(ctx: Ctx, record_type: str, record_id: UUID) -> Sequence[DataRequest]:
    """Read the requests about one record, newest first."""
    statement = select(DataRequest).where(
        DataRequest.record_type == record_type, DataRequest.record_id == record_id
    )
    return (await ctx.session.scalars(statement.order_by(DataRequest.id.desc()).limit(PAGE))).all()


async def in_force(ctx: Ctx, record_type: str, record_id: UUID) -> DataRequest | None:
    """Read the request by which a record is restricted now."""
    statement = select(DataRequest).where(
        DataRequest.kind == "restrict",
        DataRequest.state == "done",
        DataRequest.person.contains({"records": [[record_type, str(record_id)]]}),
    )
    return await ctx.session.scalar(statement.limit(1))


async def job(ctx: Ctx, request: DataRequest) -> JobRunRow | None:
    """The job that carries a request out."""
    return await ctx.session.get(JobRunRow, request.job_id) if request.job_id else None


async def expired(ctx: Ctx, now: datetime) -> Sequence[DataRequest]:
    """Requests whose files have been kept long enough."""
    statement = select(DataRequest).where(DataRequest.expires_at < now, DataRequest.file_sha256.is_not(None))
    return (await ctx.session.scalars(statement.limit(200))).all()


def digest_of(ctx: Ctx, value: str) -> bytes:
    """The digest that an address or number has on this workspace's list."""
    return ctx.cipher().digest(value, PURPOSE)


async def erased_among(ctx: Ctx, values: Iterable[str | None]) -> set[str]:
    """Those of some addresses and numbers, as they are stored, whose person was erased on request."""
    # Nobody's was, in most workspaces; and files bring thousands of values.
    if not await ctx.session.scalar(select(exists(select(Suppression.digest)))):
        return set()
    digests = {digest_of(ctx, value): value for value in values if value}
    asked = cast(bindparam(None, texts(digests), type_=ARRAY(Text()), unique=True), ARRAY(LargeBinary()))
    found = await ctx.session.scalars(select(Suppression.digest).where(Suppression.digest == any_(asked)))
    return {digests[digest] for digest in found}
