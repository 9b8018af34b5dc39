from __future__ import annotations

from typing import Any

import pytest
from granian.constants import Interfaces
from granian.server import Server

from core.cli import processes
from core.cli.processes import HOPELESS_RESPAWNS, HOPELESS_SECONDS, Granian


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def granian(monkeypatch: pytest.MonkeyPatch, watch: list[float]) -> Granian:
    """A server whose workers are not started; the library notes each as it does."""

    def noted(self: Any, workers: Any, *_: object) -> None:
        self.respawned_wrks.clear()
        self.respawned_wrks.update(dict.fromkeys(workers, watch[0]))

    monkeypatch.setattr(Server, "_respawn_workers", noted)
    return Granian("x:y", interface=Interfaces.ASGI)


def test_workers_that_are_killed_now_and_then_are_no_reason_to_end(
    granian: Granian, watch: list[float]
) -> None:
    for _ in range(HOPELESS_RESPAWNS * 2):
        granian._respawn_workers([0], None, None)
        assert granian.respawned_wrks == {}
        watch[0] += HOPELESS_SECONDS / (HOPELESS_RESPAWNS - 2)


def test_workers_that_cannot_begin_are(granian: Granian, watch: list[float]) -> None:
    for _ in range(HOPELESS_RESPAWNS - 1):
        granian._respawn_workers([0, 1], None, None)
        watch[0] += 0.5
    assert granian.respawned_wrks == {}
    granian._respawn_workers([0], None, None)
    # What the library looks at before it ends itself.
    assert list(granian.respawned_wrks) == [0]
