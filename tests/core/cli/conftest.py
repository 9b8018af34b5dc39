"""Homes for commands, and a way to run `guanxi` as people do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.embedded import postgres, valkey

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gx-"))
    yield folder / "home"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A home that is migrated and stopped, to copy instead of making one each time."""
    folder = Path(tempfile.mkdtemp(prefix="gx-"))
    variables = {**os.environ, "GUANXI_HOME": str(folder / "home")}
    subprocess.run([sys.executable, "-m", "core", "migrate"], env=variables, check=True)
    yield folder / "home"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def migrated(template: Path, home: Path) -> Path:
    shutil.copytree(template, home, symlinks=True)
    return home


@pytest.fixture
def served(migrated: Path) -> Iterator[Path]:
    """A migrated home whose servers run, so that no command has to start and stop them."""
    servers = [postgres.start(migrated), valkey.start(migrated)]
    yield migrated
    for server in reversed(servers):
        server.stop()


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return {**kept, "GUANXI_HOME": str(home)}


@pytest.fixture
def guanxi(environ: dict[str, str]) -> Run:
    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "core", *words],
            env={**environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
