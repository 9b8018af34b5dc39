"""Jobs as pages show them. Pure of HTML."""

from __future__ import annotations

from typing import Any

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.jobs import JobRunRow
from core.tenancy.ctx import Ctx

STATES = (
    ("waiting", N_("Waiting"), "neutral"),
    ("running", N_("Running"), "info"),
    ("done", N_("Done"), "good"),
    ("failed", N_("Failed"), "bad"),
    ("cancelled", N_("Cancelled"), "warn"),
)
ACTIVE = frozenset({"waiting", "running"})


def url_of(ctx: Ctx, run: JobRunRow) -> str:
    """The page of a job: its own where it has one, else the general one."""
    spec: JobSpec | None = ctx.machinery.registry.jobs.get(run.name)
    if spec is not None and spec.page:
        return ctx.w(spec.page.format_map(run.params))
    return ctx.w(f"/jobs/{run.id}")


def progress(ctx: Ctx, run: JobRunRow, *, link: bool = True) -> dict[str, Any]:
    """A job as ui/feedback.html's progress row takes it."""
    here = ctx.w(f"/jobs/{run.id}")
    return {
        "title": ctx.t(run.title),
        "state": "queued" if run.state == "waiting" else run.state,
        "done": min(run.done, run.total) if run.total else run.done,
        "total": run.total,
        "failed": run.failed,
        "eta": eta(ctx, run),
        "url": url_of(ctx, run) if link else "",
        "cancel_url": f"{here}/cancel" if run.state in ACTIVE else "",
    }


def eta(ctx: Ctx, run: JobRunRow | None) -> str:
    """How long a job will take still, in words."""
    if run is None or not run.started_at or not run.total or not run.done:
        return ""
    spent = (ctx.now() - run.started_at).total_seconds()
    rest = int(spent / run.done * max(0, run.total - run.done)) + 1
    if rest < 60:
        return ctx.t(N_("about {count} s left"), count=rest)
    return ctx.t(N_("about {count} min left"), count=round(rest / 60))
