"""Runs the jobs of one cell: claims them, carries them out, and tells the queue how they ended.

Owns the slots of a worker process. Emits nothing. Never forgets a job that it holds: what it cannot tell the
queue now it tells later, and what dies with it is taken over by others.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from core.kernel.jobs.attempt import Attempt, Finished, Machinery, Outcome
from core.kernel.jobs.contract import Claimed
from core.kernel.jobs.queue import Outcomes, Queue, Release

log = structlog.get_logger(__name__)


class Runner:
    """The slots of one process in one cell; driven by :class:`core.worker.Worker`."""

    def __init__(
        self,
        queue: Queue,
        machinery: Machinery,
        *,
        slots: int = 12,
        cap: int | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue = queue
        self.machinery = machinery
        self.slots = slots
        self.cap = cap if cap is not None else max(1, slots // 3)
        self._wake = wake
        self._running: dict[UUID, asyncio.Task[Outcome]] = {}
        self._outcomes = Outcomes()
        # Held by whatever asks the queue which jobs are ours, so that no answer is out of date.
        self._asking = asyncio.Lock()
        self._is_stopping = False

    @property
    def running(self) -> int:
        """How many jobs run now."""
        return len(self._running)

    async def claim(self) -> bool:
        """Report what ended and fill the free slots; True if there may be more to do at once."""
        async with self._asking:
            free = 0 if self._is_stopping else self.slots - len(self._running)
            if free <= 0 and not self._outcomes:
                return False
            jobs = await self.queue.claim(free, cap=self.cap, outcomes=self._outcomes)
            for job in jobs:
                self._start(job)
        return bool(self._outcomes)

    async def beat(self) -> None:
        """Renew the lease; drop jobs that were taken from us, and give back those we do not know of."""
        async with self._asking:
            held = await self.queue.beat()
            for job_id in self._running.keys() - held:
                self._running[job_id].cancel("lost")
            reported = {*self._outcomes.finished, *(release.id for release in self._outcomes.released)}
            strays = held - self._running.keys() - reported
        # Claimed in a transaction whose answer was lost with its connection.
        for job_id in strays:
            self._settle(job_id, Release(id=job_id, delay_s=0, attempts=0, crashes=0, steps_seen=0))

    async def drain(self, grace_s: float = 2.5) -> None:
        """Let the running jobs end, interrupt those that take too long, and leave the queue."""
        self._is_stopping = True
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel("stop")
            await asyncio.wait(tasks, timeout=1.0)
        async with asyncio.timeout(1.0), self._asking:
            await self.queue.leave(self._outcomes)

    def _start(self, job: Claimed) -> None:
        task = asyncio.create_task(self._carry_out(job), name=f"job {job.name}")
        self._running[job.id] = task
        task.add_done_callback(lambda done: self._ended(job.id, done))

    async def _carry_out(self, job: Claimed) -> Outcome:
        attempt = Attempt(self.machinery, job)
        with structlog.contextvars.bound_contextvars(job=job.name, run=str(job.run_id)):
            try:
                return await attempt.carry_out()
            except asyncio.CancelledError as reason:
                return attempt.interrupted() if reason.args == ("stop",) else None

    def _ended(self, job_id: UUID, task: asyncio.Task[Outcome]) -> None:
        self._running.pop(job_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("job.undecided", id=str(job_id), exc_info=error)
            self._settle(job_id, Release(id=job_id, delay_s=5, attempts=0, crashes=1, steps_seen=0))
        elif not task.cancelled():
            self._settle(job_id, task.result())

    def _settle(self, job_id: UUID, outcome: Outcome) -> None:
        match outcome:
            case Finished():
                self._outcomes.finished.append(job_id)
            case Release():
                self._outcomes.released.append(outcome)
            case None:
                return
        self._wake()
