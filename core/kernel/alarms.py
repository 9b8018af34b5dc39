"""A time limit for what cannot be awaited: functions of modules that the process calls and waits for.

Owns the process's alarm (SIGALRM) while a function runs, and gives it back. Emits nothing.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeoutError` within the block when it takes longer.

    Only the main thread can be told so, and only while it runs Python or sleeps: a loop in C goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_set = True

    def ring(*_signal: object) -> None:
        if is_set:
            raise TimeoutError(f"it did not end within {seconds:g} s")

    former = signal.signal(signal.SIGALRM, ring)
    # It rings again: what the function calls may have swallowed the first.
    left, every = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    began = time.monotonic()
    try:
        yield
    finally:
        # First of all: an alarm that rings from here on is nobody's.
        is_set = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former or signal.SIG_DFL)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001), every)
