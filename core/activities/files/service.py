"""The verbs of files on records."""

from __future__ import annotations

from typing import Any

from core.activities.files.events import FileAttached, FileRemoved
from core.activities.files.models import Attachment
from core.ext.specs import RecordType
from core.kernel.errors import FieldError, Invalid
from core.kernel.files import Stored
from core.kernel.i18n import N_
from core.kernel.mentions import is_mentioned, kept
from core.tenancy.ctx import Ctx

MEGABYTE = 1024 * 1024
MAX_BYTES = 25 * MEGABYTE


async def attach(ctx: Ctx, type_: RecordType, record: Any, stored: Stored) -> Attachment:
    """Put a stored file on a record that the actor may change. Emits ``file.attached``."""
    await ctx.require(f"{type_.permission}.edit", record)
    if not stored.size_bytes:
        raise Invalid(errors=[FieldError("file", "file.empty", N_("The file is empty."))])
    # What lies there already, like what a visitor sent, takes no more room.
    if "storage_mb" in ctx.tenant.limits and not await is_mentioned(ctx.session, stored.sha256):
        taken, _ = await kept(ctx.session, ctx.now())
        ctx.within_limit("storage_mb", taken // MEGABYTE, adding=-(-stored.size_bytes // MEGABYTE))
    attachment = Attachment(
        record_type=type_.key,
        record_id=record.id,
        name=stored.name,
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        key=stored.key,
        uploaded_by_id=ctx.actor.member_id,
    )
    ctx.session.add(attachment)
    await ctx.session.flush()
    ctx.emit(
        FileAttached(
            subject_id=attachment.id,
            label=attachment.name,
            links=((type_.key, record.id),),
            media_type=attachment.media_type,
            size_bytes=attachment.size_bytes,
        )
    )
    return attachment


async def room(ctx: Ctx) -> int | None:
    """How many bytes of files the workspace's plan still has room for; None where it has no limit."""
    limit = ctx.tenant.limits.get("storage_mb")
    if limit is None:
        return None
    taken, _ = await kept(ctx.session, ctx.now())
    return max(0, limit * MEGABYTE - taken)


async def remove(ctx: Ctx, type_: RecordType, record: Any, attachment: Attachment) -> None:
    """Take a file off a record that the actor may change; its bytes are swept later. Emits ``file.removed``."""
    await ctx.require(f"{type_.permission}.edit", record)
    await ctx.session.delete(attachment)
    await ctx.session.flush()
    links = ((attachment.record_type, attachment.record_id),)
    ctx.emit(FileRemoved(subject_id=attachment.id, label=attachment.name, links=links))
