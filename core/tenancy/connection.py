"""The connection that enters a tenant: one message begins the transaction and takes the tenant's role.

Owns the opening statements of every transaction, and one question that may go with them. Emits nothing.
Never runs a transaction that was not armed at checkout, and never builds SQL from anything but a checked
role name, integers and digests.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import asyncpg
from asyncpg.transaction import Transaction, TransactionState

TENANT_ROLE: Final = re.compile(r"t_[a-z0-9]{12}")
_LOGIN_ROLE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_QUESTION: Final = re.compile(r"SELECT [A-Za-z0-9_ .,()='\\\n-]+")
_RESET: Final = "RESET ALL;RESET ROLE;"


class NotEntered(RuntimeError):
    """A transaction was asked for on a connection that no tenant was set on."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a transaction starts with; ``sql`` is one message."""

    role: str | None
    readonly: bool
    statement_timeout_ms: int
    lock_timeout_ms: int

    @lru_cache(2_000)  # noqa: B019 - openings are small, equal ones are one, and there are few
    def sql(self, isolation: str | None = None) -> str:
        """Build the statements; raises ``ValueError`` for a name that is not a tenant's."""
        mode = " READ ONLY" if self.readonly else " READ WRITE"
        level = f" ISOLATION LEVEL {isolation.replace('_', ' ').upper()}" if isolation else ""
        role = ""
        if self.role is not None:
            if not TENANT_ROLE.fullmatch(self.role):
                raise ValueError(f"not a tenant role: {self.role!r}")
            role = f"SET LOCAL ROLE {self.role};"
        return (
            f'{_RESET}BEGIN{level}{mode};{role}SET LOCAL search_path="$user",ext;'
            f"SET LOCAL statement_timeout={int(self.statement_timeout_ms)};"
            f"SET LOCAL lock_timeout={int(self.lock_timeout_ms)}"
        )


SETUP: Final = Opening(role=None, readonly=True, statement_timeout_ms=10_000, lock_timeout_ms=1_000)
"""For the driver's own questions while a connection is made; nobody else gets it."""


class ArmedTransaction(Transaction):  # type: ignore[misc]
    """A transaction whose first message carries the role and the limits."""

    __slots__ = ("_sql", "status")
    _state: TransactionState

    def __init__(self, connection: "TenantConnection", sql: str, isolation: str | None) -> None:
        super().__init__(connection, isolation, False, False)
        self._sql = sql
        self.status = ""

    async def start(self) -> None:
        """Begin, or make a savepoint when a transaction is already open."""
        connection = self._connection
        if connection._top_xact is not None or connection.is_in_transaction():
            await super().start()
            return
        connection._top_xact = self
        try:
            self.status = await connection.execute(self._sql)
        except BaseException:
            self._state = TransactionState.FAILED
            connection._top_xact = None
            raise
        self._state = TransactionState.STARTED


class TenantConnection(asyncpg.Connection):  # type: ignore[misc]
    """An asyncpg connection that is neutral until it is armed for one tenant."""

    __slots__ = ("_opening", "_sql", "question", "tenants")
    _server_caps: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opening: Opening | None = SETUP
        self._sql = SETUP.sql()
        self.tenants: set[str] = set()
        self.question = ""
        # The driver would switch JIT off around its questions about types by set_config, which tenants may
        # not call; it is off for the whole connection anyway.
        self._server_caps = self._server_caps._replace(jit=False)

    def arm(self, opening: Opening) -> None:
        """Set whose transactions this connection runs until it is disarmed."""
        self._sql = opening.sql()
        self._opening = opening
        if opening.role is not None:
            self.tenants.add(opening.role)

    def disarm(self) -> None:
        """Make the connection neutral: the next transaction needs an ``arm`` first."""
        self._opening = None
        self.question = ""

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False, deferrable: bool = False
    ) -> Transaction:
        """Give the transaction of the armed tenant; raises :class:`NotEntered` without one."""
        self._check_open()
        if self._opening is None:
            raise NotEntered("no tenant was set on this connection at checkout")
        question, self.question = self.question, ""
        if question and not _QUESTION.fullmatch(question):
            raise ValueError("a question that goes with the opening holds constants and digests alone")
        asked = f";{question}" if question else ""
        sql = self._opening.sql(isolation) if isolation else self._sql
        return ArmedTransaction(self, sql + asked, isolation)
