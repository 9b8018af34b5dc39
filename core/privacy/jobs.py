"""The jobs of requests: write a person's data into a file, or erase them, step by step; a killed one goes on."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec

from core.ext.specs import JobSpec, Person, PersonalData
from core.kernel.errors import Conflict, NotFound
from core.kernel.events import erasing
from core.kernel.files import chunks, forget
from core.kernel.i18n import N_
from core.kernel.mentions import is_mentioned
from core.privacy import people, queries, service, writing
from core.privacy.personal import event_ids
from core.privacy.service import ERASE_JOB, EXPORT_JOB, RequestParams
from core.tenancy.ctx import Ctx

EXPIRE: Final = "privacy.expire"
MOST_BYTES: Final = 1 << 30


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def export(run: Any) -> None:
    """Gather what every module has and write it; a killed job begins anew."""
    async with run.open() as ctx:
        request = await queries.get(ctx, run.params.request_id)
        if request.person is None:
            return
        person = service.person_in(request)
        items = [(item, await people.exported(ctx, item, person)) for item in await people.holders(ctx)]
        parts = [writing.Part(item.key, ctx.t(item.title), rows) for item, rows in items if rows]
        files, schema, head = ctx.machinery.files, ctx.tenant.schema, writing.head(ctx)
        name = ctx.t(N_("Personal data")) + ".zip"
    with tempfile.TemporaryDirectory(prefix="gx-person-") as folder:
        path = Path(folder) / "file"
        found = _files(ctx, parts)
        await asyncio.to_thread(writing.write, path, parts, found, head=head)
        stored = await files.save(schema, chunks(path), name, max_bytes=MOST_BYTES)
    await run.step("finish", service.exported, run.params.request_id, stored)


async def erase(run: Any) -> None:
    """Have every module erase what it has, then what the product itself noted, and last the files.

    Who it is about is known from the request until the end, and from nothing else afterwards.
    """
    request_id = run.params.request_id
    async with run.open() as ctx:
        request = await queries.get(ctx, request_id)
        if request.person is None:
            return
        person = service.person_in(request)
        items = await people.holders(ctx)
    await run.step("begin", service.begin_erasing, person, request_id)
    left: Conflict | None = None
    for number, item in enumerate(items):
        run.progress(done=number, total=len(items))
        try:
            await run.step(item.key, _erase, run, item, person)
        except Conflict as error:
            # What the others hold goes all the same; the job ends when this module's is gone, too.
            left = error
    if left is not None:
        raise left
    await _erase_events(run, person)
    await _remove_files(run)
    run.progress(done=len(items), total=len(items))
    await run.step("finish", service.end_erasing, request_id)


async def _erase(ctx: Ctx, run: Any, item: PersonalData, person: Person) -> None:
    digests = await people.asked(ctx, item, item.erase(ctx, person))
    run.state["digests"] = sorted({*run.state.get("digests", ()), *(digests or ())})


async def _erase_events(run: Any, person: Person) -> None:
    """With the worker's rights, as the log is append-only to its workspace; harmless to repeat."""
    async with run.open() as ctx:
        found = await event_ids(ctx, person)
        databases, tenant = ctx.machinery.databases, ctx.tenant
    async with databases.cell(tenant.cell) as unit:
        await erasing.erase(unit.session, tenant.schema, found)
        await unit.commit()


async def _remove_files(run: Any) -> None:
    async with run.open() as ctx:
        gone = [one for one in run.state.get("digests", ()) if not await is_mentioned(ctx.session, one)]
        files, schema = ctx.machinery.files, ctx.tenant.schema
    for digest in gone:
        await files.delete(schema, digest)


def _files(ctx: Ctx, parts: list[writing.Part]) -> dict[str, Path]:
    """Where the files of rows lie; one that is gone is left out."""
    found: dict[str, Path] = {}
    for row in (row for part in parts for row in part.rows):
        if digest := str(row.get("sha256", "")):
            try:
                found[digest] = ctx.machinery.files.path(ctx.tenant.schema, digest)
            except NotFound:
                continue
    return found


async def expire(run: Any) -> None:
    """Forget old files, then remove their bytes."""
    await forget(run, service.expire)


PAGE: Final = "/settings/personal-data/{request_id}"
JOBS: Final = [
    JobSpec(
        name=EXPORT_JOB, handler=export, params=RequestParams, title=N_("Export personal data"), page=PAGE
    ),
    JobSpec(
        name=ERASE_JOB,
        handler=erase,
        params=RequestParams,
        title=N_("Erase personal data"),
        timeout_s=3600,
        page=PAGE,
    ),
    JobSpec(
        name=EXPIRE,
        handler=expire,
        params=Nothing,
        title=N_("Remove old exports of personal data"),
        kind="scheduled",
        every_s=86_400,
    ),
]
