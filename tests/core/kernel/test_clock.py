from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.kernel.clock import Clock, FrozenClock, SystemClock


def test_system_clock_is_aware_utc():
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)


def test_frozen_clock_stands_still_and_advances():
    clock: Clock = FrozenClock(datetime(2026, 11, 21, 18, 24, tzinfo=timezone(timedelta(hours=8))))
    assert clock.now() == clock.now() == datetime(2026, 11, 21, 10, 24, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert FrozenClock(clock.now()).advance(90) == datetime(2026, 11, 21, 10, 25, 30, tzinfo=UTC)


def test_frozen_clock_refuses_naive_time():
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2026, 11, 21))  # noqa: DTZ001
