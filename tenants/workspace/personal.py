"""What archives of the workspace hold about people: everything, so none that was made before an erasure is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from tenants.workspace.models import Archive
from tenants.workspace.places import place


async def export(_ctx: Ctx, _person: Person) -> Sequence[Mapping[str, Any]]:
    """Give nothing: an archive repeats what is known."""
    return []


async def erase(ctx: Ctx, _person: Person) -> None:
    """Remove the files of finished archives; a new one can be made at once."""
    runtime: Any = ctx.machinery
    finished = (Archive.tenant_id == ctx.tenant.id, Archive.finished_at.is_not(None))
    async with runtime.control() as control:
        ids = list(await control.session.scalars(select(Archive.id).where(*finished)))
        over = update(Archive).where(*finished, Archive.expires_at > ctx.now())
        await control.session.execute(over.values(expires_at=ctx.now()))
    for archive_id in ids:
        await asyncio.to_thread(place(runtime, archive_id).unlink, missing_ok=True)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Archives of the whole workspace."""
    return [PersonalData(key="archives", title=N_("Archives"), export=export, erase=erase)]
