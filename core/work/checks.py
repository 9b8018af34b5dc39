"""Whether background work is done: what `guanxi doctor` asks of the queue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text

from core.tenancy.control_log import ControlOutbox

LATE_MINUTES = 5

_LATE = text("""
SELECT count(*), min(run_at), (SELECT count(*) FROM cell.worker WHERE seen_at > now() - interval '1 minute')
FROM cell.job WHERE state = 'ready' AND run_at < now() - make_interval(mins => :minutes)
""")
_STUCK = text("""
SELECT count(*) FROM cell.job WHERE state = 'running' AND started_at < now() - interval '1 day'
""")
_DEAD = select(ControlOutbox).where(ControlOutbox.dead_at.is_not(None)).order_by(ControlOutbox.id).limit(20)


async def queue_problems(runtime: Any) -> list[str]:
    """Say which jobs wait too long, and whether anybody works at all."""
    found: list[str] = []
    for cell in runtime.databases.cells():
        async with runtime.databases.cell(cell, readonly=True) as unit:
            late, since, workers = (await unit.session.execute(_LATE, {"minutes": LATE_MINUTES})).one()
            stuck = await unit.session.scalar(_STUCK)
        if late:
            who = f"{workers} workers run" if workers else "no worker runs; start `guanxi worker`"
            found.append(f"{late} jobs of cell {cell} wait since {since:%Y-%m-%d %H:%M} UTC; {who}")
        if stuck:
            found.append(f"{stuck} jobs of cell {cell} run for more than a day")
    async with runtime.databases.control(readonly=True) as unit:
        dead = await unit.session.scalars(_DEAD)
    return found + [f"job {row.job} ({row.id}) of the control plane gave up: {row.error}" for row in dead]
