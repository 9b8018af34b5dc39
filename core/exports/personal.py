"""What exports hold about people: files with lists in which they may stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.exports.models import ExportRun
from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.i18n import N_
from core.records.people import without, without_conditions
from core.tenancy.ctx import Ctx


async def export(_ctx: Ctx, _person: Person) -> Sequence[Mapping[str, Any]]:
    """Give nothing: a list repeats what is known."""
    return []


async def erase(ctx: Ctx, person: Person) -> Sequence[str]:
    """Let all files go, for any list may hold the person, and it can be exported again; gives their digests."""
    digests = []
    for run in await ctx.session.scalars(select(ExportRun)):
        run.file_name = str(without(person.words, run.file_name))
        run.query = without_conditions(person.words, run.query)
        digests += [run.file_sha256] if run.file_sha256 else []
        run.file_sha256 = None
    await ctx.session.flush()
    return digests


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Files of lists."""
    return [PersonalData(key="exports", title=N_("Exports"), export=export, erase=erase)]
