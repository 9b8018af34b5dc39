"""Time: the one place that asks the machine what time it is. Never converts to a zone."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "FrozenClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Tell the current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> datetime:
        """Tell the current instant, aware, in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is advanced: tests, demo data, replays."""

    __slots__ = ("_at",)

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a frozen clock needs an aware datetime")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Tell the instant at which the clock stands."""
        return self._at

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward and tell the new instant."""
        self._at += timedelta(seconds=seconds)
        return self._at
