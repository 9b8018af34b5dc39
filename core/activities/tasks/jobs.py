"""The reminding job: woken at each reminder's minute, and now and then in case a wake-up was lost."""

from __future__ import annotations

from typing import Any

from core.activities.tasks import service
from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.jobs import JobRun

BATCH = 500
SAFETY_NET_S = 3600


async def remind(run: JobRun) -> None:
    """Give all reminders that are due, some in each step."""
    number = 0
    while True:
        await run.step(f"remind-{number}", _some, run)
        if run.state.get("given", 0) < BATCH:
            return
        number += 1


async def _some(ctx: Any, run: JobRun) -> None:
    run.state["given"] = await service.remind(ctx, BATCH)


JOB = JobSpec(
    name=service.REMIND,
    handler=remind,
    params=service.Due,
    title=N_("Remind of tasks"),
    kind="scheduled",
    every_s=SAFETY_NET_S,
)
