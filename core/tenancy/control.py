"""``Control``: the transaction of the control plane that its verbs receive first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import update

from core.kernel.events import ActorRef
from core.kernel.ids import uuid7
from core.tenancy.control_log import ControlEvent, ControlOutbox
from core.tenancy.directory import TenantRow

if TYPE_CHECKING:
    import msgspec

    from core.kernel.events import Event
    from core.tenancy.ctx import Machinery, Principal
    from core.tenancy.unit import TenantSession


class Control:
    """One transaction in the control plane: accounts, workspaces, keys. It reaches no tenant's schema."""

    __slots__ = (
        "address",
        "is_rolled_back",
        "locale",
        "machinery",
        "principal",
        "request_id",
        "session",
        "touched",
        "wakes",
    )

    def __init__(
        self,
        session: TenantSession,
        machinery: Machinery,
        *,
        principal: Principal | None = None,
        locale: str = "en",
        request_id: str = "",
        address: str = "",
    ) -> None:
        self.session = session
        self.machinery = machinery
        self.principal = principal
        self.locale = locale
        self.request_id = request_id
        self.address = address
        self.is_rolled_back = False
        self.wakes = False
        self.touched: set[UUID] = set()

    def now(self) -> datetime:
        """The present instant in UTC, by a clock that tests can stop."""
        return self.machinery.clock.now()

    def t(self, message: str, /, **params: object) -> str:
        """Translate a message id into the reader's language."""
        return self.machinery.translator(self.locale).gettext(message, **params)

    def emit(self, event: Event, *, tenant_id: UUID | None = None, by: ActorRef | None = None) -> None:
        """Write an event into the control plane's log; ``tenant_id`` lets that workspace's audit show it.

        ``by`` names who did it where that is not whoever asks.
        """
        who = self.principal
        if by is None:
            by = ActorRef() if who is None else _actor(who)
        self.session.add(
            ControlEvent(
                name=event.name,
                version=event.version,
                tenant_id=tenant_id,
                record_type=event.record_type(),
                record_id=event.subject_id,
                label=event.label,
                actor_kind=by.kind,
                actor_name=by.name,
                account_id=who.account_id if who else None,
                member_id=by.member_id,
                key_id=by.key_id,
                address=self.address,
                request_id=self.request_id,
                occurred_at=self.now(),
                changes=to_builtins(event.changes),
                data=event.data(),
            )
        )

    async def touch(self, tenant_id: UUID) -> None:
        """Have every process read a tenant's entry of the directory anew: this one at the commit, others within 1 s."""
        await self.session.execute(
            update(TenantRow).where(TenantRow.id == tenant_id).values(revision=TenantRow.revision + 1)
        )
        self.touched.add(tenant_id)

    def enqueue(
        self,
        job: str,
        params: msgspec.Struct,
        *,
        tenant_id: UUID | None = None,
        title: str | None = None,
        run_at: datetime | None = None,
    ) -> UUID:
        """Ask for a job, begun by a worker once this transaction has committed; gives its id.

        With a tenant it is a job there, with the rights of the member who asked or else the system's. Without, it is
        one of the control plane (``kind="control"``): ``handler(runtime, params)``, at least once.
        """
        who = self.principal
        is_his = who is not None and who.tenant is not None and who.tenant.id == tenant_id
        asked = ControlOutbox(
            id=uuid7(),
            tenant_id=tenant_id,
            job=job,
            params=to_builtins(params),
            title=title,
            member_id=who.member_id if who and is_his else None,
            request_id=self.request_id,
            run_at=run_at or self.now(),
        )
        self.session.add(asked)
        self.wakes = True
        return asked.id

    def roll_back(self) -> None:
        """Have this transaction undone at its end although the answer is not an exception."""
        self.is_rolled_back = True


def _actor(who: Principal) -> ActorRef:
    return ActorRef(kind=who.kind, member_id=who.member_id, key_id=who.key_id, name=who.name)
