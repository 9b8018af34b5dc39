"""One transaction on one connection of a pool, and the session that works in it.

Owns the way of a connection out of its pool and back. Emits nothing. Never commits by itself: a unit that is
left without ``commit()`` is rolled back.

Statements reach the connection in two ways that share its one transaction: through the mapper, which needs a
greenlet, a compiled form and a result for each, and through :meth:`TenantSession.run`, which hands what was
compiled once to the driver. Where only the second was used, nothing of the first is ever started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

import asyncpg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import greenlet_spawn

from core.kernel.errors import Unavailable
from core.kernel.guards import transaction
from core.tenancy.connection import NotEntered, Opening, TenantConnection
from core.tenancy.pools import Budget, SharedPool

if TYPE_CHECKING:
    from core.kernel.statements import Statement

ROLLBACK_S = 5.0
"""So long a server has to undo a transaction before its connection is given up, which undoes it as well."""
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class _Mapper(Session):
    """The mapper's session, which gets its connection when it first needs one."""

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        line: Line = self.info["line"]
        return line.mapped()


class TenantSession(AsyncSession):
    """A session that cannot end its own transaction: the unit that opened it does."""

    def __init__(self, line: Line) -> None:
        super().__init__(sync_session_class=_Mapper, expire_on_commit=False, info={"line": line})
        self._line = line

    async def commit(self) -> NoReturn:
        """Refuse: the framework commits."""
        raise RuntimeError("the transaction is the framework's: a service never commits")

    async def rollback(self) -> NoReturn:
        """Refuse: raise an exception, or use ``begin_nested()`` for a part."""
        raise RuntimeError("the transaction is the framework's: a service never rolls back")

    @property
    def is_clean(self) -> bool:
        """Whether nothing waits to be written."""
        return self.sync_session._is_clean()

    async def run(self, statement: Statement, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Send a prepared statement in this transaction; what the session holds back is written before."""
        if not self.is_clean:
            await self.flush()
        return statement.rows(await self._line.fetch(statement.sql, statement.arguments(values)))

    async def finds_none(self, question: str) -> bool:
        """Whether a question finds no row, asked along with the opening of the transaction.

        It has no parameters, so it may hold constants and digests alone. Where the transaction is open already,
        nothing is asked, and the answer is no.
        """
        return await self._line.open(question) == "SELECT 0"

    async def _commit(self) -> None:
        if self._line.is_mapped or not self.is_clean:
            await super().commit()
        await self._line.end("commit")

    async def _close(self) -> None:
        if self._line.is_mapped:
            await super().close()
        else:
            self._forget()
        await self._line.end("rollback")

    def _forget(self) -> None:
        # A session that nothing came into has nothing to let go.
        sync = self.sync_session
        if sync.in_transaction() or sync.identity_map:
            sync.close()


class Line:
    """A connection out of its pool, and the one transaction that the mapper and prepared statements share."""

    __slots__ = ("_adapted", "_engine", "_pool", "_record", "connection", "driver")

    def __init__(self, engine: Engine, pool: SharedPool, record: ConnectionPoolEntry) -> None:
        self._engine = engine
        self._pool = pool
        self._record = record
        self.connection: Connection | None = None
        # The mapper's adapter of the driver keeps the transaction, so both ways find it begun by the other.
        self._adapted: Any = record.dbapi_connection
        self.driver: TenantConnection = cast(TenantConnection, record.driver_connection)

    def mapped(self) -> Connection:
        """The mapper's connection on this line."""
        if self.connection is None:
            if not self._pool.trusts(self._record):
                # The mapper would replace the connection, and with it this transaction would be gone.
                raise Unavailable(retry_after_s=1)
            self.connection = Connection(self._engine, self._pool.handed(self._record))
        return self.connection

    @property
    def is_mapped(self) -> bool:
        """Whether the mapper has begun to work on this connection."""
        return self.connection is not None and self.connection.in_transaction()

    @property
    def is_over(self) -> bool:
        """Whether the connection can go back as it is, without another word to the server."""
        is_open = self._adapted._transaction is not None or self.is_mapped
        is_lost = self.connection is not None and self.connection.invalidated
        return not is_open and not is_lost and self._pool.can_keep(self._record)

    def give_back(self) -> None:
        """Put a connection that is over back into its pool."""
        if self.connection is not None:
            self.connection.close()
        else:
            self._pool.give(self._record)

    async def close(self) -> None:
        """Put the connection back whatever its state, or close it."""
        if self.connection is not None:
            await greenlet_spawn(self.connection.close)
        else:
            await greenlet_spawn(self._pool.take_back, self._record)

    async def open(self, question: str) -> str:
        """Begin the transaction with a question in the same message; tells how many rows it found, '' if not asked."""
        if self._adapted._transaction is not None:
            return ""
        self.driver.question = question
        await self._adapted._start_transaction()
        begun: Any = self._adapted._transaction
        return str(begun.status)

    async def fetch(self, sql: str, arguments: list[Any]) -> list[Any]:
        """Send a statement; errors are those that the mapper would raise."""
        adapted = self._adapted
        if adapted._transaction is None:
            await adapted._start_transaction()
        try:
            found: list[Any] = await self.driver.fetch(sql, *arguments)
        except _FAILURES as error:
            raise self._translated(sql, error) from error
        return found

    async def end(self, how: str) -> None:
        """Commit or roll back what is still open; a connection that cannot even do that is given up."""
        if self._adapted._transaction is None:
            return
        try:
            async with asyncio.timeout(None if how == "commit" else ROLLBACK_S):
                await self._adapted._call_and_discard(getattr(self._adapted._transaction, how))
        except _FAILURES as error:
            if how == "commit":
                raise self._translated("COMMIT", error) from error
            self.driver.terminate()
        except BaseException:
            self.driver.terminate()
            raise

    def _translated(self, sql: str, error: Exception) -> Exception:
        dialect: Any = self._engine.dialect
        errors = dialect.loaded_dbapi
        try:
            self._adapted._handle_exception(error)
        except errors.Error as translated:
            is_lost = dialect.is_disconnect(translated, None, None)
            told: Exception = DBAPIError.instance(
                sql, None, translated, errors.Error, connection_invalidated=is_lost, dialect=dialect
            )
            return told
        except Exception as other:  # whatever the adapter leaves as it was
            return other
        return error


class Unit:
    """One transaction: ``async with databases.tenant(tenant) as unit``.

    Leaving without :meth:`commit` rolls back.
    """

    __slots__ = ("_budget", "_engine", "_line", "_mark", "_opening", "_who", "session")

    session: TenantSession

    def __init__(self, engine: AsyncEngine, budget: Budget, who: Hashable, opening: Opening) -> None:
        self._engine = engine
        self._budget = budget
        self._who = who
        self._opening = opening
        self._mark = transaction()
        self._line: Line | None = None

    async def __aenter__(self) -> Self:
        await self._budget.acquire(self._who)
        try:
            self._line = line = await self._connect()
            line.driver.arm(self._opening)
            self.session = TenantSession(line)
        except BaseException:
            await _to_the_end(self._give_back)
            raise
        self._mark.__enter__()
        return self

    async def commit(self) -> None:
        """Make the work of this unit durable."""
        await self.session._commit()

    async def connection(self) -> AsyncConnection:
        """Give the SQLAlchemy connection of this unit, for Core and for COPY."""
        return await self.session.connection()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mark.__exit__(kind, error, trace)
        line = self._line
        if line is None or not line.is_over:
            await _to_the_end(self._close)
            return
        try:
            self.session._forget()
            line.give_back()
        finally:
            self._budget.release(self._who)

    async def _connect(self) -> Line:
        engine = self._engine.sync_engine
        pool = engine.pool
        assert isinstance(pool, SharedPool)  # noqa: S101 - narrows the type
        record = pool.take()
        if record is not None:
            return Line(engine, pool, record)
        connection = (await self._engine.connect()).sync_connection
        assert connection is not None  # noqa: S101 - narrows the type
        line = Line(engine, pool, cast(Any, connection.connection)._connection_record)
        line.connection = connection
        return line

    async def _close(self) -> None:
        try:
            await self.session._close()
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        line, self._line = self._line, None
        try:
            if line is not None:
                await line.close()
        finally:
            self._budget.release(self._who)


async def _to_the_end(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Carry something out although the task is cancelled meanwhile; then it is cancelled indeed."""
    task = asyncio.create_task(work())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # the task keeps it
            break
    if cancelled is not None:
        raise cancelled
    task.result()


def driver_of(connection: AsyncConnection) -> TenantConnection:
    """Give the asyncpg connection below a SQLAlchemy connection."""
    sync = connection.sync_connection
    driver = sync.connection.driver_connection if sync is not None else None
    if not isinstance(driver, TenantConnection):
        raise NotEntered("not a connection of this pool")
    return driver
