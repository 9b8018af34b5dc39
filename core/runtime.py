"""The process's parts, made once by the composition root, and the only maker of contexts.

Owns the short memory of who a member is. Emits nothing. Never holds a tenant between two requests.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from core.access.grants import narrowed, of_key, of_role
from core.access.policy import Policy
from core.access.queries import standing
from core.access.roles import OWNER
from core.ext import options
from core.ext.faults import Faults
from core.ext.registry import Registry
from core.kernel import events, jobs
from core.kernel.cache import Cache
from core.kernel.clock import Clock, SystemClock
from core.kernel.errors import NotFound, Unavailable
from core.kernel.files import Store
from core.kernel.http import Outbound
from core.kernel.i18n import LOCALES, Translator, translator
from core.kernel.mail import Mailer
from core.kernel.rate import Limit, Limiter, Verdict
from core.kernel.secrets import Cipher, KeyRing
from core.kernel.statements import Write, send
from core.kernel.wake import CONTROL, EVENTS, JOBS, Waker, live, news
from core.settings import Settings
from core.tenancy.control import Control
from core.tenancy.ctx import PUBLIC, SYSTEM, Actor, Ctx, Principal, QueuedJob
from core.tenancy.db import Databases
from core.tenancy.directory import Directory, Tenant
from core.tenancy.sandboxes import lent

if TYPE_CHECKING:
    from litestar import Request

P = TypeVar("P")

ACTOR_TTL_S = 1.0
"""A member's rights are remembered this long at most, so that taking them away works within a second."""
ACTORS = 10_000
OF_RIGHTS = frozenset({"member", "role", "unit"})
"""What an event must be about to change what somebody may do."""
LIVE_PAUSE_S = 0.25
"""How often at most the open pages of a workspace are told that it wrote something."""


@dataclass(slots=True)
class _Actors:
    """Actors of the last second, by tenant revision and member or key."""

    kept: OrderedDict[tuple[Any, ...], tuple[float, Actor]] = field(default_factory=OrderedDict)

    def get(self, key: tuple[Any, ...]) -> Actor | None:
        found = self.kept.get(key)
        return found[1] if found and found[0] > time.monotonic() else None

    def put(self, key: tuple[Any, ...], actor: Actor) -> None:
        self.kept[key] = (time.monotonic() + ACTOR_TTL_S, actor)
        self.kept.move_to_end(key)
        while len(self.kept) > ACTORS:
            self.kept.popitem(last=False)

    def forget(self, tenant_id: UUID) -> None:
        for key in [key for key in self.kept if key[0] == tenant_id]:
            del self.kept[key]


@dataclass
class Runtime:
    """What a process holds; it lends it to every context as the context's machinery."""

    settings: Settings
    registry: Registry
    databases: Databases
    directory: Directory
    cache: Cache
    limiter: Limiter
    keyring: KeyRing
    mailer: Mailer
    files: Store
    http: Outbound
    clock: Clock = field(default_factory=SystemClock)
    _actors: _Actors = field(default_factory=_Actors)
    _parts: dict[type[Any], Any] = field(default_factory=dict)

    def part(self, kind: type[P], make: Callable[[], P]) -> P:
        """A further part of the process that some package keeps; made on first use."""
        if kind not in self._parts:
            self._parts[kind] = make()
        found: P = self._parts[kind]
        return found

    async def close_parts(self) -> None:
        """Let the further parts finish what they hold."""
        for kept in self._parts.values():
            close = getattr(kept, "close", None)
            if close is not None:
                await close()

    @property
    def faults(self) -> Faults:
        """What modules did wrong in this process."""
        return self.part(Faults, lambda: Faults(self.control, self.clock))

    @cached_property
    def policy(self) -> Policy:
        """The one place that decides about permissions."""
        return Policy()

    @cached_property
    def waker(self) -> Waker:
        """Tells the workers of a cell that there is something to do."""
        return Waker(self.cache)

    @cached_property
    def live(self) -> Waker:
        """Tells the open pages of a tenant that something was written."""
        return Waker(self.cache, message=live, pause_s=LIVE_PAUSE_S)

    @cached_property
    def _authenticators(self) -> list[Any]:
        return self.registry.implementations("crm_authenticate")

    def translator(self, locale: str) -> Translator:
        """The messages of a language; the source language where it is unknown."""
        return translator(locale if locale in LOCALES else LOCALES[0])

    def cipher(self, tenant: Tenant) -> Cipher:
        """Encryption under the tenant's own key."""
        return self.keyring.cipher(tenant.key)

    def options(self, tenant: Tenant, plugin: str) -> Any:
        """What a tenant has set a module to, secrets opened."""
        return options.read(self.registry.settings[plugin], tenant, plugin, self.cipher(tenant))

    def in_transaction(self, tenant: Tenant, event: str) -> Sequence[Callable[[Ctx, Any], Awaitable[None]]]:
        """The handlers that belong to the transaction of an event."""
        found = self.registry.subscribers(event, tenant.plugins, in_transaction=True)
        return [subscription.handler for subscription in found]

    def at_end(self, tenant: Tenant) -> Sequence[Callable[[Ctx, Sequence[Any]], Awaitable[Write | None]]]:
        """The handlers that take all events of a transaction at its end."""
        return [subscription.handler for subscription in self.registry.batches(tenant.plugins)]

    async def write(
        self, ctx: Ctx, emitted: Sequence[events.Event], queued: Sequence[QueuedJob], writes: Sequence[Write]
    ) -> None:
        """Write a transaction's events and jobs into the tenant's log and the cell's outbox, and what goes along."""
        _, told = events.written(
            tenant=ctx.tenant, actor=ctx.actor, events=emitted, now=ctx.now(), request_id=ctx.request_id
        )
        await send(ctx.session, [*writes, told] if told is not None else writes)
        if queued:
            await jobs.enqueue(
                ctx.session,
                tenant=ctx.tenant,
                actor=ctx.actor,
                queued=queued,
                specs=self.registry.jobs,
                request_id=ctx.request_id,
            )
        wakes = ctx.session.info.setdefault("wakes", set())
        if emitted:
            wakes.add(EVENTS)
        if any(job.run_at is None or job.run_at <= ctx.now() for job in queued):
            wakes.add(JOBS)
        ctx.session.info["rights"] = any(event.record_type() in OF_RIGHTS for event in emitted)

    async def authenticate(self, request: Request[Any, Any, Any]) -> Principal | None:
        """Ask the control plane who sends a request."""
        for authenticator in self._authenticators:
            principal: Principal | None = await authenticator(self, request)
            if principal is not None:
                return principal
        return None

    async def visitor(self, slug: str, plugin: str) -> Principal:
        """Anybody who comes to a module's public pages; raises :class:`NotFound` where they are not there."""
        tenant = await self.directory.by_slug(slug)
        # A sandbox shows nothing to strangers, not even that it is there.
        if tenant is None or tenant.sandbox_of or not self.registry.is_on(plugin, tenant.plugins):
            raise NotFound
        return Principal(kind="public", tenant=tenant)

    async def limit(self, request: Request[Any, Any, Any], principal: Principal | None) -> Verdict:
        """Count a request against the limits of its tenant, key or address."""
        settings = self.settings
        limits = []
        if principal is None or principal.tenant is None or principal.kind == "public":
            client = request.client.host if request.client else "unknown"
            limits.append(Limit("address", f"rate:address:{client}", settings.rate_address_per_minute, 60))
        else:
            tenant = principal.tenant.id
            limits.append(Limit("tenant", f"rate:tenant:{tenant}", settings.rate_tenant_per_minute, 60))
            if principal.key_id is not None:
                limits.append(Limit("key", f"rate:key:{principal.key_id}", settings.rate_key_per_minute, 60))
        return await self.limiter.hit_all(limits)

    def forget_actors(self, tenant_id: UUID) -> None:
        """Drop what this process remembers of a tenant's members, so that a change shows on the very next page."""
        self._actors.forget(tenant_id)

    @asynccontextmanager
    async def enter(
        self, principal: Principal, *, readonly: bool = False, request_id: str = ""
    ) -> AsyncIterator[Ctx]:
        """Open the transaction of a signed-in member, an API key or the public; commit at the end.

        In a sandbox a member has the rights that he has there, and never more than in the workspace itself now; nor
        has a key of his.
        """
        tenant = principal.tenant
        if tenant is not None and principal.kind == "public":
            async with self.open(tenant, actor=PUBLIC, readonly=readonly, request_id=request_id) as ctx:
                yield ctx
            return
        if tenant is None or principal.member_id is None:
            raise NotFound
        # Before the sandbox's own transaction: waiting for one while holding another could stop everybody.
        bound = await self._bound(principal, tenant)
        async with self.open(tenant, readonly=readonly, request_id=request_id) as ctx:
            key = _key(tenant, principal)
            actor = self._actors.get(key)
            if actor is None:
                actor = await self._actor(ctx, principal)
                self._actors.put(key, actor)
            ctx.become(actor if bound is None else _within(actor, bound))
            yield ctx

    async def actor(self, principal: Principal) -> Actor:
        """Who a member is, as of a second ago at most; raises :class:`NotFound` where he is none."""
        tenant = principal.tenant
        if tenant is None:
            raise NotFound
        _refuse_shut(tenant)
        found = self._actors.get(_key(tenant, principal))
        if found is None:
            async with self.enter(principal, readonly=True) as ctx:
                found = ctx.actor
        return found

    async def _bound(self, principal: Principal, tenant: Tenant) -> Actor | None:
        """The member of a sandbox, or of a key to it, as he is in the workspace itself; None elsewhere."""
        if tenant.sandbox_of is None:
            return None
        live = await self.tenant(tenant.sandbox_of)
        return await self.actor(Principal(kind="member", tenant=live, member_id=principal.member_id))

    async def _actor(self, ctx: Ctx, principal: Principal) -> Actor:
        """Read a member's role, team and language; a key has the rights of its member within its scopes."""
        found = await standing(ctx.session, member_id=principal.member_id)
        if found is None:
            raise NotFound
        member = found.member
        permissions = self.registry.permissions.values()
        grants = of_role(member.role, permissions, found.stored_grants)
        if principal.scopes is not None:
            grants = of_key(grants, principal.scopes, permissions)
        return Actor(
            kind=principal.kind,
            member_id=member.id,
            name=member.name,
            email=member.email,
            role=member.role,
            grants=grants,
            team_ids=found.team_ids,
            key_id=principal.key_id,
            account_id=principal.account_id,
            locale=member.locale or "",
            timezone=member.timezone or "",
        )

    @asynccontextmanager
    async def open(
        self, tenant: Tenant, *, actor: Actor = SYSTEM, readonly: bool = False, request_id: str = ""
    ) -> AsyncIterator[Ctx]:
        """Open a transaction in a tenant; flush and commit at the end, roll back on any exception."""
        _refuse_shut(tenant)
        async with self.databases.tenant(tenant, readonly=readonly) as unit:
            unit.session.info["now"] = self.clock.now
            lends = lent(self, tenant)
            ctx = Ctx(tenant, actor, unit.session, lends, request_id=request_id, readonly=readonly)
            yield ctx
            if ctx.is_rolled_back:
                return
            if not readonly:
                await ctx.flush()
            await unit.commit()
            ctx.committed()
            if unit.session.info.get("rights"):
                self.forget_actors(tenant.id)
            for what in unit.session.info.get("wakes", ()):
                self.waker.notify(news(tenant.cell, what))
            if not readonly:
                self.live.notify(str(tenant.id))

    @asynccontextmanager
    async def control(
        self,
        principal: Principal | None = None,
        *,
        request_id: str = "",
        locale: str = "en",
        address: str = "",
    ) -> AsyncIterator[Control]:
        """Open a transaction in the control plane; commit at the end, roll back on any exception."""
        async with self.databases.control() as unit:
            unit.session.info["now"] = self.clock.now
            control = Control(
                unit.session,
                self,
                principal=principal,
                locale=locale,
                request_id=request_id,
                address=address,
            )
            yield control
            if control.is_rolled_back:
                return
            await unit.commit()
            for tenant_id in control.touched:
                self.directory.forget(tenant_id)
            if control.wakes:
                for cell in self.databases.cells():
                    self.waker.notify(news(cell, CONTROL))

    async def tenant(self, tenant_id: UUID) -> Tenant:
        """The directory's entry of a tenant; raises :class:`NotFound` where there is none."""
        found = await self.directory.by_id(tenant_id)
        if found is None:
            raise NotFound
        return found

    def with_clock(self, clock: Clock) -> Runtime:
        """The same process by another clock, for tests."""
        return replace(self, clock=clock)


def _key(tenant: Tenant, principal: Principal) -> tuple[Any, ...]:
    return (tenant.id, tenant.revision, principal.member_id, principal.key_id)


def _refuse_shut(tenant: Tenant) -> None:
    if tenant.state == "suspended":
        raise Unavailable(retry_after_s=60)
    if tenant.state == "deleting":
        raise NotFound


def _within(actor: Actor, bound: Actor) -> Actor:
    """An actor with no more rights than another one."""
    return replace(
        actor,
        role=bound.role if actor.role == OWNER else actor.role,
        grants=narrowed(actor.grants, bound.grants),
        team_ids=actor.team_ids & bound.team_ids,
    )
