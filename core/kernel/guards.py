"""Mark the stretch of code in which a database transaction is open.

Owns: the mark. The session layer sets it; the outbound HTTP client and the mailer refuse to run under it,
because a slow peer would hold locks and a connection of everybody's budget.
Never does: anything with the database itself.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType


class InsideTransactionError(RuntimeError):
    """A network call was attempted while a transaction was open: a defect in our code."""


class transaction:
    """Mark a block as running inside a database transaction: `with transaction(): …`."""

    __slots__ = ("_open", "_outer")

    def __init__(self) -> None:
        self._open = False
        self._outer: transaction | None = None

    def __enter__(self) -> transaction:
        outer = _current.get()
        # Marks that were closed elsewhere are dropped, or a long task would drag an endless chain of them.
        while outer is not None and not outer._open:
            outer = outer._outer
        self._outer = outer
        self._open = True
        _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The mark is closed as an object, not only unset: a task started inside the block inherited it and
        # must not believe for ever that it runs in a transaction, and a generator may be closed elsewhere.
        self._open = False
        if _current.get() is self:
            _current.set(self._outer)

    @property
    def is_open(self) -> bool:
        """Tell whether this block, or one around it, is still running."""
        return self._open or (self._outer is not None and self._outer.is_open)


_current: ContextVar[transaction | None] = ContextVar("transaction", default=None)


def in_transaction() -> bool:
    """Tell whether the running code is inside a marked transaction."""
    mark = _current.get()
    return mark is not None and mark.is_open


def outside_transaction(what: str) -> None:
    """Raise InsideTransactionError if a transaction is open; `what` names the refused act."""
    if in_transaction():
        raise InsideTransactionError(f"{what} inside a database transaction; do it in a job step of its own")
