"""What modules do wrong at work: in the log at once, and counted for those who look after them.

Owns what is not written yet. Emits nothing. Never raises: that something failed is never why something else does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any, Final
from uuid import UUID

import structlog

from core.ext import specs
from core.kernel.alarms import alarm
from core.kernel.clock import Clock
from core.kernel.tallies import Tally
from core.tenancy.plugin_faults import Fault, Faulted, add

ERROR_LENGTH: Final = 300
CALL_S: Final = 0.5
log = structlog.get_logger(__name__)


class Faults(Tally[Fault, Faulted]):
    """The faults of modules that this process saw."""

    def __init__(self, control: Callable[[], AbstractAsyncContextManager[Any]], clock: Clock) -> None:
        super().__init__()
        self._control, self._clock = control, clock

    def note(
        self, tenant_id: UUID, plugin: str, place: str, error: BaseException, request_id: str = ""
    ) -> None:
        """Count one failure of a part of a module."""
        now = self._clock.now()
        text = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
        self.add(Fault(tenant_id, plugin, place, now.date()), Faulted(1, now, text, request_id))

    def added(self, one: Faulted, other: Faulted) -> Faulted:
        return Faulted(one.faults + other.faults, other.last_at, other.error, other.request_id)

    async def write(self, noted: Mapping[Fault, Faulted]) -> None:
        async with self._control() as control:
            await add(control.session, noted)


def failed(ctx: Any, item: specs.Spec, error: BaseException) -> None:
    """Log and count that what a module declared failed within a request of a workspace."""
    place = place_of(item)
    log.error("module failed", plugin=item.plugin, place=place, request_id=ctx.request_id, exc_info=error)
    ctx.machinery.faults.note(ctx.tenant.id, item.plugin, place, error, ctx.request_id)


@asynccontextmanager
async def alone(ctx: Any, seconds: float) -> AsyncIterator[None]:
    """A limit for what a module does within somebody else's page or job, and an end to that alone.

    What it raises goes on upwards with its rows undone and the transaction as it was, also where it is ended in the
    middle of a statement.
    """
    async with ctx.attempt(), asyncio.timeout(seconds):
        yield


def in_time(ctx: Any, item: specs.Spec) -> AbstractContextManager[None]:
    """A limit for a function of an installed module that is called and not awaited: everybody waits for it."""
    module = ctx.machinery.registry.modules.get(item.plugin)
    return alarm(CALL_S) if module is not None and not module.builtin else nullcontext()


def place_of(item: specs.Spec) -> str:
    """What a declared part is called: its kind and its key, ``live part clock``."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(item).__name__).lower()
    return f"{kind} {getattr(item, 'key', '') or getattr(item, 'event', '')}"
