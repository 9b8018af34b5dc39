"""When a message that was not taken is tried again: eleven tries over three days, as the specification advises."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES: Final = len(DELAYS) + 1
LEAST: Final = timedelta(hours=72)
"""What lies at least between the first try and the last."""
JITTER: Final = 0.1
"""Added, never taken away."""
MOST_ASKED_S: Final = 6 * 3600
GIVE_UP: Final = timedelta(days=5)
"""An endpoint that answered nothing well for so long is paused, however many messages it has to fail at."""
CALM_AFTER: Final = 8
CALM: Final = (timedelta(seconds=15), timedelta(minutes=15))
"""After so many failures in a row one message is tried at a time, with growing pauses between such limits."""


def delay(tries: int, asked_s: int = 0) -> timedelta | None:
    """How long to wait after so many tries, None after the last; at least what the receiver asked for."""
    if tries >= TRIES:
        return None
    wait = DELAYS[tries - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - spreads load
    return max(wait, timedelta(seconds=min(asked_s, MOST_ASKED_S)))


def calm(failures: int) -> timedelta:
    """How long an endpoint is left alone that failed so often in a row; nothing for a few times."""
    if failures < CALM_AFTER:
        return timedelta(0)
    least, most = CALM
    wait: timedelta = least * 2 ** min(failures - CALM_AFTER, 10)
    return min(most, wait)
