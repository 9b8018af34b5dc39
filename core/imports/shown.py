"""Imports as their pages show them: steps, columns with samples, counts, progress. Pure of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from core.ext.specs import RecordType
from core.imports import fields
from core.imports.models import ImportRun
from core.imports.reading import Line
from core.kernel.i18n import N_
from core.kernel.jobs import JobRunRow
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.work import shown as jobs

STATES = (
    ("mapping", N_("Being prepared"), "neutral"),
    ("checking", N_("Being checked"), "info"),
    ("checked", N_("Checked"), "info"),
    ("running", N_("Running"), "info"),
    ("done", N_("Done"), "good"),
    ("cancelled", N_("Cancelled"), "warn"),
    ("failed", N_("Failed"), "bad"),
    ("reverting", N_("Being reverted"), "info"),
    ("reverted", N_("Reverted"), "neutral"),
)
RULES = (
    {
        "value": "skip",
        "title": N_("Skip them"),
        "text": N_("Records that exist stay as they are."),
        "icon": "check-check",
    },
    {
        "value": "update",
        "title": N_("Update them"),
        "text": N_("Filled cells replace what is there; empty cells change nothing."),
        "icon": "pencil",
    },
    {
        "value": "create",
        "title": N_("Create all"),
        "text": N_("Every row becomes a new record."),
        "icon": "circle-plus",
    },
)
KEYS = {
    "external_id": N_("External ID"),
    "number": N_("Number"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "name": N_("Name"),
    "title": N_("Title"),
}
LEFT = {
    "changed": N_("was changed after the import"),
    "gone": N_("is not there any more"),
    "forbidden": N_("may not be deleted or changed by you"),
}
BUSY = frozenset({"checking", "running", "reverting"})
SAMPLES = 3
STEPS = (("file", N_("File")), ("mapping", N_("Columns")), ("check", N_("Check")), ("result", N_("Result")))


def state_of(run: ImportRun, job: JobRunRow | None) -> str:
    """The state that people see: a job that failed or was cancelled elsewhere shows."""
    if run.state in BUSY and job is not None and job.state in {"failed", "cancelled"}:
        return job.state
    return run.state


def steps(ctx: Ctx, run: ImportRun | None, state: str) -> dict[str, Any]:
    """The head of the wizard."""
    at = {"mapping": "mapping", "checking": "check", "checked": "check"}.get(state, "result")
    current = "file" if run is None else at
    back = ctx.w(f"/imports/{run.id}?step=mapping") if run is not None and at == "check" else ""
    entries = [
        (key, ctx.t(title), back) if key == "mapping" and back else (key, ctx.t(title))
        for key, title in STEPS
    ]
    return {"entries": entries, "current": current}


def columns(ctx: Ctx, run: ImportRun, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The columns of the file with some of their values and the field that each fills."""
    found = []
    for at, title in enumerate(run.columns):
        values = [line.cells[at] for line in lines if at < len(line.cells) and line.cells[at].strip()]
        found.append(
            {
                "name": f"column.{at}",
                "title": title or ctx.t(N_("Column {number}"), number=at + 1),
                "samples": list(dict.fromkeys(values))[:SAMPLES],
                "value": run.mapping[at],
            }
        )
    return found


def offers(ctx: Ctx, type_: RecordType) -> list[tuple[str, str]]:
    """The fields to choose from."""
    return [
        (target.name, ctx.t(target.title) + (" *" if target.required else ""))
        for target in fields.targets(type_)
    ]


def linked(ctx: Ctx, type_: RecordType) -> list[str]:
    """Titles of the kinds of record that rows may point at and that could be made on the way."""
    registry = ctx.machinery.registry
    refs = dict.fromkeys(target.ref for target in fields.targets(type_) if target.ref in registry.records)
    return [ctx.t(registry.records[ref].title_plural) for ref in refs]


def progress(ctx: Ctx, run: ImportRun, job: JobRunRow | None, state: str) -> dict[str, Any]:
    """The running job as ui/feedback.html shows it."""
    shown = {"waiting": "queued"}.get(job.state, job.state) if job is not None else "queued"
    done, total = (job.done, job.total) if job is not None else (0, run.total)
    return {
        "title": job.title if job is not None else run.file_name,
        "state": shown,
        "done": min(done, total or done),
        "total": total,
        "failed": job.failed if job is not None else 0,
        "eta": jobs.eta(ctx, job),
        "cancel_url": ctx.w(f"/imports/{run.id}/cancel") if state in BUSY else "",
    }


def list_url(ctx: Ctx, type_: RecordType, stamp: datetime | None) -> str:
    """The list of exactly the records that an import created."""
    if stamp is None or type_.column("created_at") is None or not type_.pages:
        return ""
    return f"{place(ctx, type_)}?{urlencode({'f': f'created_at:eq:{stamp.isoformat()}'})}"
