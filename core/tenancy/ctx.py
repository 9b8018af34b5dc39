"""``Ctx``: the tenant, the actor and the transaction that every callable receives first.

There is no ambient tenant, and no session without a context. Contexts are made by :mod:`core.runtime` alone:
for the authentication layer, the job runner and provisioning.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import structs

from core.kernel.errors import AppError, Forbidden, NotFound
from core.kernel.ids import uuid7
from core.tenancy.limits import exceeded

if TYPE_CHECKING:
    import msgspec
    from sqlalchemy import ColumnElement

    from core.kernel.clock import Clock
    from core.kernel.events import Event
    from core.kernel.files import Store
    from core.kernel.http import Outbound
    from core.kernel.i18n import Translator
    from core.kernel.mail import Mailer
    from core.kernel.secrets import Cipher
    from core.kernel.statements import Write
    from core.settings import Settings
    from core.tenancy.directory import Tenant
    from core.tenancy.unit import TenantSession

P = TypeVar("P")

ROUNDS = 8
"""How often subscribers may answer each other's events in one transaction before that is called a loop."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member, an API key with the rights of one, the system, or the public.

    ``grants`` maps a permission to its reach, scopes of a key already taken off; ``team_ids`` are the members
    of the units below the actor's own.
    """

    kind: Literal["member", "key", "system", "public"]
    member_id: UUID | None = None
    name: str = ""
    email: str = ""
    role: str = ""
    grants: Mapping[str, str] = field(default_factory=dict)
    team_ids: frozenset[UUID] = frozenset()
    key_id: UUID | None = None
    account_id: UUID | None = None
    locale: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request comes from: a session of an account, an API key, or anybody at a workspace's public pages.

    ``tenant`` is None on pages outside of every workspace; ``csrf`` is the token that unsafe requests of a
    session must carry; ``scopes`` is None where a key does not narrow the rights; ``verify_by`` is until when a new
    account has to show that its address is its own, None where it has.
    """

    kind: Literal["member", "key", "public"]
    tenant: Tenant | None = None
    member_id: UUID | None = None
    account_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[str] | None = None
    session_id: UUID | None = None
    name: str = ""
    csrf: str = ""
    verify_by: datetime | None = None
    workspaces: tuple[tuple[str, str], ...] = ()


SYSTEM = Actor(kind="system", name="Guanxi")
PUBLIC = Actor(kind="public")


class Decision(Protocol):
    """The answer of the policy, with a translatable reason."""

    @property
    def allowed(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def params(self) -> Mapping[str, str]: ...


class Policy(Protocol):
    """Decides about records, and about lists of them by a condition that agrees."""

    async def decide(self, ctx: Ctx, permission: str, record: Any) -> Decision: ...
    def allows(self, ctx: Ctx, permission: str) -> Decision: ...
    def visible(self, ctx: Ctx, model: type[Any], permission: str) -> ColumnElement[bool]: ...


class Machinery(Protocol):
    """What the composition root lends to every context."""

    clock: Clock
    files: Store
    http: Outbound
    mailer: Mailer
    settings: Settings

    @property
    def registry(self) -> Any: ...
    @property
    def policy(self) -> Policy: ...
    def translator(self, locale: str) -> Translator: ...
    def cipher(self, tenant: Tenant) -> Cipher: ...
    def options(self, tenant: Tenant, plugin: str) -> Any: ...
    def in_transaction(
        self, tenant: Tenant, event: str
    ) -> Sequence[Callable[[Ctx, Any], Awaitable[None]]]: ...
    def at_end(self, tenant: Tenant) -> Sequence[Callable[[Ctx, Sequence[Any]], Awaitable[Write | None]]]: ...
    async def write(
        self, ctx: Ctx, events: Sequence[Event], jobs: Sequence[QueuedJob], writes: Sequence[Write]
    ) -> None: ...
    def part(self, kind: type[P], make: Callable[[], P]) -> P: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job asked for during the transaction and written with it; ``title`` makes it visible to people."""

    id: UUID
    name: str
    params: msgspec.Struct
    title: str | None = None
    total: int | None = None
    run_at: datetime | None = None
    key: str | None = None


class Ctx:
    """One transaction of one actor in one tenant."""

    # No dataclass: the web framework would take a dataclass in a handler's signature for something to decode.
    __slots__ = (
        "_after",
        "_events",
        "_jobs",
        "_writes",
        "actor",
        "is_rolled_back",
        "locale",
        "machinery",
        "readonly",
        "request_id",
        "session",
        "tenant",
        "timezone",
    )

    def __init__(
        self,
        tenant: Tenant,
        actor: Actor,
        session: TenantSession,
        machinery: Machinery,
        *,
        request_id: str = "",
        readonly: bool = False,
    ) -> None:
        self.tenant = tenant
        self.session = session
        self.machinery = machinery
        self.request_id = request_id
        self.readonly = readonly
        self.is_rolled_back = False
        self._events: list[Event] = []
        self._jobs: list[QueuedJob] = []
        self._writes: list[Write] = []
        self._after: list[Callable[[], None]] = []
        self.become(actor)

    def become(self, actor: Actor) -> None:
        """Act for this actor from now on, in its language and time zone or else the tenant's."""
        self.actor = actor
        self.locale = actor.locale or self.tenant.locale
        self.timezone = actor.timezone or self.tenant.timezone

    @property
    def zone(self) -> ZoneInfo:
        """The actor's time zone."""
        return ZoneInfo(self.timezone)

    def now(self) -> datetime:
        """The present instant in UTC, by a clock that tests can stop."""
        return self.machinery.clock.now()

    def today(self) -> date:
        """The present day where the actor is."""
        return self.now().astimezone(self.zone).date()

    def t(self, message: str, /, **params: object) -> str:
        """Translate a message id into the actor's language."""
        return self.machinery.translator(self.locale).gettext(message, **params)

    def w(self, path: str = "/") -> str:
        """The address of a page of this workspace."""
        return f"/w/{self.tenant.slug}{path}"

    def cipher(self) -> Cipher:
        """Encryption under the tenant's own key."""
        return self.machinery.cipher(self.tenant)

    def settings(self, plugin: str) -> Any:
        """What a module is set to here, as the struct that it declares; raises KeyError where it declares none."""
        return self.machinery.options(self.tenant, plugin)

    def emit(self, event: Event) -> None:
        """Put an event into the outbox; it is written with this transaction, or not at all.

        On timelines it stands where it happened: now, unless it says otherwise.
        """
        self._writable()
        if event.happened_at is None:
            event = structs.replace(event, happened_at=self.now())
        self._events.append(event)

    def enqueue(
        self,
        name: str,
        params: msgspec.Struct,
        *,
        title: str | None = None,
        total: int | None = None,
        run_at: datetime | None = None,
        key: str | None = None,
    ) -> UUID:
        """Queue a job with this transaction; a second job with the same pending ``key`` is dropped."""
        job = QueuedJob(
            id=uuid7(), name=name, params=params, title=title, total=total, run_at=run_at, key=key
        )
        return self.queue(job)

    def queue(self, job: QueuedJob) -> UUID:
        """Queue a job that has its id already; where that id was queued before, nothing is written."""
        self._writable()
        self._jobs.append(job)
        return job.id

    def write_last(self, write: Write) -> None:
        """Have something written with the transaction's events, in the last message before the commit."""
        self._writable()
        self._writes.append(write)

    def after_commit(self, work: Callable[[], None]) -> None:
        """Have the process remember something once this transaction is durable; not at all if it is undone."""
        self._after.append(work)

    def committed(self) -> None:
        """Carry out what waited for the commit."""
        for work in self._after:
            work()

    def can(self, permission: str) -> bool:
        """Whether the actor has a permission for any record at all."""
        return self.machinery.policy.allows(self, permission).allowed

    async def can_on(self, permission: str, record: Any) -> bool:
        """Whether the actor has a permission for this record."""
        return (await self.why(permission, record)).allowed

    async def why(self, permission: str, record: Any) -> Decision:
        """The decision about a record, with its reason."""
        return await self.machinery.policy.decide(self, permission, record)

    async def require(self, permission: str, record: Any = None) -> None:
        """Raise unless the actor has the permission.

        A record that the actor may not even see raises :class:`NotFound`, like one that does not exist.
        """
        policy = self.machinery.policy
        if record is None:
            decision = policy.allows(self, permission)
        else:
            decision = await policy.decide(self, permission, record)
        if decision.allowed:
            return
        if record is not None:
            resource = permission.rpartition(".")[0]
            if not (await policy.decide(self, f"{resource}.view", record)).allowed:
                raise NotFound
        raise Forbidden(detail=decision.reason, params=dict(decision.params))

    def within_limit(self, name: str, used: int, *, adding: int = 1) -> None:
        """Raise where the workspace's plan has no room for so many more; ``tenant.limits`` says which are limited.

        Requests at the same instant do not see each other, so a limit may be passed by as many.
        """
        limit = self.tenant.limits.get(name)
        if limit is not None and used + adding > limit:
            raise exceeded(name, used=used, limit=limit)

    def visible(self, model: type[Any], permission: str) -> ColumnElement[bool]:
        """The condition that keeps lists to what the actor may see."""
        return self.machinery.policy.visible(self, model, permission)

    def roll_back(self) -> None:
        """Have this transaction undone at its end although the answer is not an exception."""
        self.is_rolled_back = True

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part that may fail alone: an exception undoes its rows, events and jobs, and goes on upwards."""
        events, jobs, after = len(self._events), len(self._jobs), len(self._after)
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            del self._events[events:]
            del self._jobs[jobs:]
            del self._after[after:]
            raise

    async def flush(self) -> None:
        """Run the transaction's subscribers, then write its events and jobs; called once, before commit."""
        handled: list[Event] = []
        for _ in range(ROUNDS):
            fresh, self._events = self._events, []
            if not fresh:
                break
            handled += fresh
            for event in fresh:
                for handler in self.machinery.in_transaction(self.tenant, event.name):
                    await handler(self, event)
        else:
            raise AppError(code="events.loop")
        writes, self._writes = self._writes, []
        for batch in self.machinery.at_end(self.tenant) if handled else ():
            if (write := await batch(self, handled)) is not None:
                writes.append(write)
        jobs, self._jobs = self._jobs, []
        if not self.session.is_clean:
            await self.session.flush()
        if handled or jobs or writes:
            await self.machinery.write(self, handled, jobs, writes)

    def _writable(self) -> None:
        if self.readonly:
            raise RuntimeError("a reading request cannot write: the route must declare records=True")
