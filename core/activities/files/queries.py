"""Reads of files on records; whoever may see a record may see its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from core.access.models import Member
from core.activities.files.models import Attachment
from core.ext.specs import RecordType
from core.kernel.errors import NotFound
from core.records import lists
from core.tenancy.ctx import Ctx

MOST = 500
"""As many files as one record shows."""


class Place(NamedTuple):
    """A record that files lie on."""

    type: RecordType
    record: Any


async def place(ctx: Ctx, record_type: str, record_id: UUID, *, action: str = "view") -> Place:
    """Find the record of a type; one that the actor may not see raises :class:`NotFound`."""
    type_ = ctx.machinery.registry.records.get(record_type)
    if type_ is None:
        raise NotFound
    return Place(type_, await lists.get(ctx, type_, record_id, action=action))


async def of_record(ctx: Ctx, at: Place) -> Sequence[tuple[Attachment, str | None]]:
    """Read the files of a record, newest first, each with the name of whoever uploaded it."""
    statement = (
        select(Attachment, Member.name)
        .outerjoin(Member, Member.id == Attachment.uploaded_by_id)
        .where(Attachment.record_type == at.type.key, Attachment.record_id == at.record.id)
        .order_by(Attachment.created_at.desc(), Attachment.id.desc())
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in await ctx.session.execute(statement)]


async def find(ctx: Ctx, file_id: UUID, *, action: str = "view") -> tuple[Attachment, Place]:
    """Read one file with its record; where the record may not be seen, neither may the file."""
    attachment = await ctx.session.get(Attachment, file_id)
    if attachment is None:
        raise NotFound
    return attachment, await place(ctx, attachment.record_type, attachment.record_id, action=action)
