"""Homes in short folders, and nothing left running."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gx-"))
    yield folder / "home"
    shutil.rmtree(folder, ignore_errors=True)
