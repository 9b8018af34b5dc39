"""``JobRun``: what a job's handler holds. Each step is one transaction with its own receipt.

Owns the rows of ``handled`` and the progress in ``job_run``. Emits nothing.
Never keeps a transaction between steps.
"""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from core.kernel.events.types import ActorRef
from core.kernel.jobs.contract import Cancelled, Claimed, LeaseLost, OpenCtx, TenantGone

_LOAD = text("""
SELECT step, seq, CASE WHEN seq = max(seq) OVER () THEN state END AS state
FROM handled WHERE source_id = :source_id AND subscriber = :subscriber ORDER BY seq
""").columns(state=JSONB)
_START = text("""
UPDATE job_run SET state = CASE WHEN state = 'cancelled' THEN state ELSE 'running' END, key = NULL,
       started_at = coalesce(started_at, :now)
WHERE id = :id AND entry_id = :entry_id
RETURNING cancel_requested_at IS NOT NULL, done, total, failed
""")
_MARK = text("""
WITH receipt AS (
    INSERT INTO handled (source_id, subscriber, step, seq, state, handled_at)
    VALUES (:source_id, :subscriber, :step, :seq, :state, :now)
    ON CONFLICT DO NOTHING RETURNING 1
), run AS (
    UPDATE job_run SET done = :done, total = :total, failed = :failed
    WHERE CAST(:is_visible AS bool) AND id = :source_id
    RETURNING cancel_requested_at IS NOT NULL AS is_cancelled
)
SELECT EXISTS (SELECT 1 FROM receipt), coalesce((SELECT is_cancelled FROM run), false)
""").bindparams(bindparam("state", type_=JSONB(none_as_null=True)))


class JobRun:
    """One run of a job. ``state`` is kept with each step and is back after a failure or a restart.

    A handler that looks at ``cancelled`` ends by itself; any other is stopped at its next step.
    """

    def __init__(self, job: Claimed, params: msgspec.Struct, open_ctx: OpenCtx) -> None:
        self.job = job
        self.params: Any = params
        self.state: dict[str, Any] = {}
        self.done = 0
        self.total: int | None = None
        self.failed = 0
        self.steps = 0
        self._open = open_ctx
        self._handled: set[str] = set()
        self._is_cancelled = False
        self._is_noticed = False

    @property
    def id(self) -> UUID:
        """The id that ``enqueue`` gave."""
        return self.job.run_id

    @property
    def tenant_id(self) -> UUID:
        """The tenant that the job belongs to."""
        return self.job.tenant_id

    @property
    def actor(self) -> ActorRef:
        """Who asked for the job."""
        return self.job.actor

    @property
    def attempt(self) -> int:
        """How many times the job failed since it last got further."""
        return self.job.attempts

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled the job, as of the last step."""
        self._is_noticed = self._is_noticed or self._is_cancelled
        return self._is_cancelled

    def open(self) -> AbstractAsyncContextManager[Any]:
        """Open a transaction outside any step, to read."""
        return open_checked(self._open, self.job)

    def progress(self, done: int | None = None, total: int | None = None, failed: int | None = None) -> None:
        """Say how far the job is; shown to people when the next step commits."""
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        self.failed = self.failed if failed is None else failed

    async def step(self, name: str, function: Callable[..., Awaitable[object]], *args: Any) -> bool:
        """Run ``function(ctx, *args)`` in one transaction, once and for all; False if it took effect earlier.

        Raises :class:`Cancelled` or :class:`LeaseLost`, which a handler lets pass.
        """
        if name in self._handled:
            return False
        if self._is_cancelled and not self._is_noticed:
            raise Cancelled
        before = copy.deepcopy(self.state), self.done, self.total, self.failed
        try:
            async with self.open() as ctx:
                await function(ctx, *args)
                self._is_cancelled = await self._mark(ctx, name)
        except BaseException:
            self.state, self.done, self.total, self.failed = before
            raise
        self._handled.add(name)
        self.steps += 1
        return True

    async def load(self) -> None:
        """Take up where the job was left: steps that took effect, state, progress; raises Cancelled."""
        async with self.open() as ctx:
            source = {"source_id": self.id, "subscriber": self.job.name}
            rows = (await ctx.session.execute(_LOAD, source)).all()
            started = True
            if self.job.is_visible:
                started = await self._start(ctx)
        if not started:
            raise LeaseLost
        self._handled = {row.step for row in rows}
        self.steps = len(rows)
        self.state = next((row.state for row in reversed(rows) if row.state is not None), {})
        if self._is_cancelled:
            raise Cancelled

    async def _start(self, ctx: Any) -> bool:
        values = {"id": self.id, "entry_id": self.job.id, "now": ctx.now()}
        row = (await ctx.session.execute(_START, values)).one_or_none()
        if row is None:
            return False
        self._is_cancelled, self.done, self.total, self.failed = row
        return True

    async def _mark(self, ctx: Any, name: str) -> bool:
        values = {
            "source_id": self.id,
            "subscriber": self.job.name,
            "step": name,
            "seq": self.steps + 1,
            "state": self.state or None,
            "now": ctx.now(),
            "done": self.done,
            "total": self.total,
            "failed": self.failed,
            "is_visible": self.job.is_visible,
        }
        is_first, is_cancelled = (await ctx.session.execute(_MARK, values)).one()
        if not is_first:
            raise LeaseLost
        return bool(is_cancelled)


@asynccontextmanager
async def open_checked(open_ctx: OpenCtx, job: Claimed) -> AsyncIterator[Any]:
    """Open a context for a job and make sure that it is of the tenant whose role queued it."""
    async with open_ctx(job) as ctx:
        if ctx.tenant.schema != job.tenant_role:
            raise TenantGone(f"{job.tenant_role} queued a job for another tenant")
        yield ctx
