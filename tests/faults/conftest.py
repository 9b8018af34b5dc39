"""Fault tests are few and long and run alone; they tell what they measured."""

import os
import sys
from collections.abc import Callable

import pytest

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Write a line that is seen although the test passes, with the machine's load."""

    def _say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text} (load average {os.getloadavg()[0]:.1f})\n")

    return _say
