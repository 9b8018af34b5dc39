"""A limit for what cannot be awaited, and what was set before stays set."""

import signal
import threading
import time

import pytest

from core.kernel.alarms import alarm


def spin() -> None:
    while True:
        pass


def test_what_does_not_end_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError), alarm(0.05):
        time.sleep(10)
    with pytest.raises(TimeoutError), alarm(0.05):
        spin()
    assert time.monotonic() - began < 5


def test_what_ends_in_time_is_left_alone() -> None:
    began = time.monotonic()
    with alarm(0.05):
        pass
    time.sleep(0.1)
    assert time.monotonic() - began >= 0.1, "an alarm that rang late would have ended the sleep"


def test_an_alarm_within_another_gives_it_back() -> None:
    handler = signal.getsignal(signal.SIGALRM)
    left = signal.getitimer(signal.ITIMER_REAL)[0]

    def work() -> None:
        with alarm(10):
            pass
        time.sleep(10)

    with pytest.raises(TimeoutError), alarm(0.2):
        work()
    assert signal.getsignal(signal.SIGALRM) is handler
    now_left = signal.getitimer(signal.ITIMER_REAL)[0]
    assert left - 10 < now_left <= left or left == now_left == 0


def test_another_thread_has_no_limit() -> None:
    ended = []

    def work() -> None:
        with alarm(0.01):
            time.sleep(0.05)
        ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended
