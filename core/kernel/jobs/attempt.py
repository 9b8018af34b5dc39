"""One attempt at one job: carry out its handler and decide how it ended.

Owns the rules of retrying: what counts as a failure, how long to wait, when to give up. Emits nothing.
Never touches the queue itself: it answers, and the runner tells the queue.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.kernel.errors import Unavailable
from core.kernel.events.feed import find_all
from core.kernel.events.types import Event, Stored
from core.kernel.jobs import letters
from core.kernel.jobs.circuit import Circuits
from core.kernel.jobs.contract import (
    Cancelled,
    Claimed,
    GiveUp,
    IsOn,
    JobSpec,
    LeaseLost,
    OpenCtx,
    Postpone,
    Subscription,
    TenantGone,
)
from core.kernel.jobs.queue import Release
from core.kernel.jobs.run import JobRun, open_checked
from core.kernel.texts import texts

EVENT_RETRIES = 8
EVENT_TIMEOUT_S = 60.0
UNKNOWN_RETRIES = 5
CRASH_LIMIT = 10
BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 900.0

log = structlog.get_logger(__name__)

_RECEIPTS = text("""
INSERT INTO handled (source_id, subscriber, step, seq, handled_at)
SELECT id, :subscriber, '', 1, :now FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[])) AS e (id) ORDER BY id
ON CONFLICT DO NOTHING RETURNING source_id
""")


class Finished(msgspec.Struct, frozen=True):
    """The job is over, well or not, and leaves the queue."""


Outcome = Finished | Release | None
"""How an attempt ended; None where the job is somebody else's by now."""


@dataclass(slots=True, kw_only=True)
class Machinery:
    """What attempts need: handlers by name, event types, contexts, who is switched on, whom to tell who rests."""

    open_ctx: OpenCtx
    jobs: Mapping[str, JobSpec]
    subscribers: Mapping[str, Subscription]
    events: Mapping[str, type[Event]]
    is_on: IsOn
    progressed: Callable[[UUID, int], Awaitable[None]]
    rests: Callable[[UUID, str, datetime | None], Awaitable[None]]
    faulted: Callable[[UUID, str, str, Exception], None]
    circuits: Circuits = field(default_factory=Circuits)


class Attempt:
    """One attempt at one job."""

    def __init__(self, machinery: Machinery, job: Claimed) -> None:
        self.machinery = machinery
        self.job = job
        self.run: JobRun | None = None
        self.spec = machinery.jobs.get(job.name) if job.event_id is None else None
        self.subscription = machinery.subscribers.get(job.name) if self.spec is None else None

    async def carry_out(self) -> Outcome:
        """Run the handler and say what is to become of the job."""
        limit = asyncio.timeout(self.spec.timeout_s if self.spec is not None else EVENT_TIMEOUT_S)
        try:
            return await self._carry_out(limit)
        except LeaseLost:
            # Either the job is another worker's now, and giving it back does nothing; or that one is late.
            log.warning("job.lost", job=self.job.name, id=str(self.job.id))
            return self._release(random.uniform(0.1, 0.5))  # noqa: S311
        except TenantGone as error:
            log.warning("job.without_tenant", job=self.job.name, reason=str(error))
            return Finished()
        except Postpone as answer:
            return self._release(answer.delay_s)
        except Cancelled:
            return await self._end("cancelled")
        except Exception as error:
            is_outage = _is_outage(error) and not limit.expired()
            return await self._failed(error, is_outage=is_outage)

    async def _carry_out(self, limit: asyncio.Timeout) -> Outcome:
        machinery, job = self.machinery, self.job
        if self._plugin and not await machinery.is_on(job.tenant_id, self._plugin):
            return await self._end("cancelled")
        wait_s = await self._circuit_wait_s()
        if wait_s:
            return self._release(wait_s * random.uniform(1, 1.2))  # noqa: S311 - spreads load
        async with limit:
            if self.subscription is not None:
                await self._on_events(self.subscription)
            elif job.event_id is not None:
                raise LookupError(f"nobody declares the subscriber {job.name!r}")
            else:
                await self._on_steps()
        return await self._end("done")

    @property
    def _plugin(self) -> str:
        declared = self.spec or self.subscription
        return declared.plugin if declared is not None else ""

    async def _circuit_wait_s(self) -> float:
        job, circuits = self.job, self.machinery.circuits
        if not circuits.is_failing(job.tenant_id, self._plugin):
            return 0.0
        async with self._open() as ctx:
            return circuits.wait_s(job.tenant_id, self._plugin, ctx.now())

    def _open(self) -> Any:
        return open_checked(self.machinery.open_ctx, self.job)

    async def _on_steps(self) -> None:
        job, spec = self.job, self.spec
        if spec is None:
            raise LookupError(f"nobody declares the job {job.name!r}")
        self.run = run = JobRun(job, msgspec.convert(job.params, spec.params), self.machinery.open_ctx)
        # What is begun for the first time and watched by nobody cannot have left anything behind.
        if job.claims > 1 or job.is_visible or job.run_id != job.id:
            await run.load()
            await self._note_progress(run)
        self._refuse_deadly(run.job)
        await spec.handler(run)

    async def _on_events(self, subscription: Subscription) -> None:
        job = self.job
        self._refuse_deadly(job)
        if job.event_id is not None:
            await self._tell(subscription, [job.event_id])
            return
        ids = [UUID(event_id) for event_id in job.params["events"]]
        if subscription.event == "*":
            await self._tell_all(subscription, ids)
        elif job.attempts or job.crashes:
            await self._tell_apart(subscription, ids)
        else:
            await self._tell_together(subscription, ids)

    async def _tell(self, subscription: Subscription, ids: Sequence[UUID]) -> None:
        """Have events handled in one transaction, but for those that were handled before."""
        async with self._open() as ctx:
            receipts = {"ids": texts(ids), "subscriber": self.job.name, "now": ctx.now()}
            fresh = (await ctx.session.scalars(_RECEIPTS, receipts)).all()
            events = [self._event(stored) for stored in await find_all(ctx.session, fresh)] if fresh else []
            known = [event for event in events if event is not None]
            if subscription.batch:
                if known:
                    await subscription.handler(ctx, known)
                return
            for event in known:
                await subscription.handler(ctx, event)

    def _event(self, stored: Stored) -> Event | None:
        """The event as its handlers take it; None where nobody declares it any more, or it was erased."""
        declared = self.machinery.events.get(stored.name)
        return None if declared is None or stored.is_erased else declared.load(stored)

    async def _tell_together(self, subscription: Subscription, ids: Sequence[UUID]) -> None:
        try:
            await self._tell(subscription, ids)
        except Exception as error:
            if len(ids) == 1 or _is_no_fault(error):
                raise
            log.warning("job.taken_apart", job=self.job.name, error=repr(error))
            await self._tell_apart(subscription, ids)

    async def _tell_apart(self, subscription: Subscription, ids: Sequence[UUID]) -> None:
        """Have each event handled in a transaction of its own, so that one that fails spoils no other.

        In any order: one at which workers die must not always stand before the same others.
        """
        failure: Exception | None = None
        for event_id in random.sample(ids, len(ids)):
            try:
                await self._tell(subscription, [event_id])
            except Exception as error:
                if _is_no_fault(error):
                    raise
                failure = failure or error
        if failure is not None:
            raise failure

    async def _tell_all(self, subscription: Subscription, ids: Sequence[UUID]) -> None:
        """Have a batch of all events handled: one receipt for the whole."""
        async with self._open() as ctx:
            receipt = {"ids": texts([self.job.run_id]), "subscriber": self.job.name, "now": ctx.now()}
            if await ctx.session.scalar(_RECEIPTS, receipt) is not None:
                await subscription.handler(ctx, await find_all(ctx.session, ids))

    async def _note_progress(self, run: JobRun) -> None:
        """Forget failures and crashes of a job that got further since they were counted."""
        if run.steps > self.job.steps_seen and (self.job.attempts or self.job.crashes):
            await self.machinery.progressed(self.job.id, run.steps)
            self.job = run.job = self._fresh(run)

    def _fresh(self, run: JobRun) -> Claimed:
        return msgspec.structs.replace(self.job, attempts=0, crashes=0, steps_seen=run.steps)

    @staticmethod
    def _refuse_deadly(job: Claimed) -> None:
        if job.crashes > CRASH_LIMIT:
            raise GiveUp(f"{job.crashes} workers died at this job without getting further")

    async def _end(self, state: str) -> Finished:
        circuits, plugin = self.machinery.circuits, self._plugin
        is_healed = state == "done" and circuits.is_failing(self.job.tenant_id, plugin)
        was_open = False
        if self.job.is_visible or is_healed:
            async with self._open() as ctx:
                if self.job.is_visible:
                    await letters.end(ctx, self.job, state)
                if is_healed:
                    was_open = await circuits.worked(ctx, plugin)
        if was_open:
            await self._tell_rest(None)
        return Finished()

    async def _tell_rest(self, until: datetime | None) -> None:
        """Tell until when the module rests; that it could not be told changes nothing about the job."""
        try:
            await self.machinery.rests(self.job.tenant_id, self._plugin, until)
        except Exception:
            log.exception("circuit.untold", plugin=self._plugin, tenant=str(self.job.tenant_id))

    async def _failed(self, error: Exception, *, is_outage: bool) -> Outcome:
        if self.run is not None and self.run.steps > self.job.steps_seen:
            self.job = self._fresh(self.run)
        if is_outage:
            log.warning("job.interrupted", job=self.job.name, error=repr(error))
            # A full pool says nothing about the job; a lost connection may be its doing.
            crashes = self.job.crashes + (not isinstance(error, Unavailable))
            return self._release(random.uniform(0.1, 1.0), crashes=crashes)  # noqa: S311
        attempts = self.job.attempts + 1
        is_dead = isinstance(error, GiveUp) or attempts > self._retries
        log.error("job.failed", job=self.job.name, id=str(self.job.run_id), is_dead=is_dead, exc_info=error)
        earlier, self.job = self.job, msgspec.structs.replace(self.job, attempts=attempts)
        try:
            await self._record(error, is_dead=is_dead)
        except TenantGone:
            return Finished()
        except Exception:
            # The failure itself could not be recorded: the attempt is not counted, so that the next one can.
            log.exception("job.failure_unrecorded", job=self.job.name)
            self.job = earlier
            return self._release(random.uniform(1, 5))  # noqa: S311
        return Finished() if is_dead else self._release(backoff_s(attempts))

    @property
    def _retries(self) -> int:
        if self.subscription is not None:
            return EVENT_RETRIES
        return self.spec.retries if self.spec is not None else UNKNOWN_RETRIES

    async def _record(self, error: Exception, *, is_dead: bool) -> None:
        message, rests_until = f"{type(error).__name__}: {error}", None
        async with self._open() as ctx:
            if self._plugin:
                shown = message[: letters.ERROR_LENGTH]
                rests_until = await self.machinery.circuits.failed(ctx, self._plugin, shown)
            if is_dead:
                title = self.spec.title if self.spec is not None and self.spec.title else self.job.name
                await letters.bury(ctx, self.job, title=title, error=message)
            elif self.job.is_visible:
                await letters.trouble(ctx, self.job, message)
        if self._plugin:
            self.machinery.faulted(self.job.tenant_id, self._plugin, f"job {self.job.name}", error)
        if rests_until is not None:
            await self._tell_rest(rests_until)

    def _release(self, delay_s: float, *, crashes: int | None = None) -> Release:
        return Release(
            id=self.job.id,
            delay_s=delay_s,
            attempts=self.job.attempts,
            crashes=self.job.crashes if crashes is None else crashes,
            steps_seen=self.job.steps_seen,
        )

    def interrupted(self) -> Release:
        """Give the job back because the worker stops; nothing is held against it."""
        if self.run is not None and self.run.steps > self.job.steps_seen:
            self.job = self._fresh(self.run)
        return self._release(0.0)


def backoff_s(attempts: int) -> float:
    """Full jitter: any delay up to a limit that doubles with each failure."""
    return random.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** min(attempts, 20)))  # noqa: S311


def _is_no_fault(error: Exception) -> bool:
    """Whether no event is to blame, so that trying them one by one is of no use."""
    return isinstance(error, Postpone | LeaseLost | TenantGone | Cancelled) or _is_outage(error)


def _is_outage(error: BaseException) -> bool:
    """Whether the database went away, for which no job is to blame."""
    if isinstance(error, Unavailable | OSError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OSError) or _is_shutdown(error)
    return _asyncpg_outage(error)


def _is_shutdown(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return state.startswith(("57P", "08", "53"))


def _asyncpg_outage(error: BaseException) -> bool:
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state.startswith(("57P", "08", "53"))
