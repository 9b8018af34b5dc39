"""Counts the SQL statements that go to any database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from core.kernel.statements import Statement
from core.tenancy.unit import TenantSession

REQUEST_LOG = "INSERT INTO control.api_key_request"


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that are sent within the block; a transaction's opening message is none of them.

    Nor is the log of requests: it is written now and then, for many answers at once.
    """
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if REQUEST_LOG not in statement:
            seen.append(statement)

    run = TenantSession.run

    async def noted(session: TenantSession, statement: Statement, values: Any = None) -> list[Any]:
        seen.append(statement.sql)
        return await run(session, statement, values)

    event.listen(Engine, "before_cursor_execute", note)
    TenantSession.run = noted  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        TenantSession.run = run  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", note)
