"""What the queue asks of the rest: specs, contexts and units of work; and how a job says how it ended.

Owns no table. Emits nothing. Never imports the packages whose objects it describes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.types import ActorRef


class JobSpec(Protocol):
    """A declared job: ``handler(run)``, retries after failures without progress, a time limit per attempt."""

    @property
    def name(self) -> str: ...
    @property
    def plugin(self) -> str: ...
    @property
    def handler(self) -> Callable[[Any], Awaitable[None]]: ...
    @property
    def params(self) -> type[msgspec.Struct]: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def retries(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...


class Subscription(Protocol):
    """A declared handler of an event, ``handler(ctx, event)``, or of several at once, ``handler(ctx, events)``."""

    @property
    def event(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def plugin(self) -> str: ...
    @property
    def handler(self) -> Callable[[Any, Any], Awaitable[None]]: ...
    @property
    def in_transaction(self) -> bool: ...
    @property
    def batch(self) -> bool: ...


class Tenant(Protocol):
    """Whom a job belongs to."""

    @property
    def id(self) -> UUID: ...
    @property
    def schema(self) -> str: ...


class Context(Protocol):
    """One transaction in a tenant, committed when its block ends well."""

    session: Any

    @property
    def tenant(self) -> Any: ...
    def now(self) -> datetime: ...


class Unit(Protocol):
    """One transaction in a cell with the worker's rights; left without ``commit()`` it is undone."""

    @property
    def session(self) -> AsyncSession: ...
    async def commit(self) -> None: ...


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A job as a worker holds it; ``tenant_role`` is vouched for by the database, ``tenant_id`` is not."""

    id: UUID
    run_id: UUID
    tenant_role: str
    tenant_id: UUID
    kind: str
    name: str
    params: dict[str, Any]
    actor: ActorRef
    request_id: str
    claims: int
    attempts: int
    crashes: int
    steps_seen: int
    is_visible: bool
    event_id: UUID | None = None


OpenCell = Callable[[], AbstractAsyncContextManager[Unit]]
OpenCtx = Callable[[Claimed], AbstractAsyncContextManager[Any]]
IsOn = Callable[[UUID, str], Awaitable[bool]]
JobSpecs = Mapping[str, JobSpec]
Subscriptions = Mapping[str, Sequence[Subscription]]


class Postpone(Exception):
    """Raised by a job that should be tried again later; it does not count as a failure."""

    def __init__(self, delay_s: float = 60.0) -> None:
        super().__init__(f"again in {delay_s} s")
        self.delay_s = delay_s


class GiveUp(Exception):
    """Raised by a job that no retry can help; it becomes a dead letter at once."""


class Cancelled(Exception):
    """Raised at a step of a job that somebody cancelled."""


class LeaseLost(Exception):
    """Raised at a step that another worker took meanwhile: this one must stop."""


class TenantGone(Exception):
    """Raised when a job's tenant does not exist (any more), or is not the one that queued it."""


def subscriber_name(subscription: Subscription) -> str:
    """The name under which a subscription's jobs are queued and its effects remembered."""
    return f"{subscription.plugin}:{subscription.name}"
