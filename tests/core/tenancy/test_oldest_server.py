"""The isolation matrix on the oldest PostgreSQL that is supported, where Debian's is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.server import DEBIAN

OLDEST = "15"


@pytest.mark.long
@pytest.mark.skipif(not (DEBIAN / OLDEST / "bin").is_dir(), reason=f"PostgreSQL {OLDEST} is not installed")
@pytest.mark.skipif("GUANXI_TEST_PG" in os.environ, reason="this run has a server of its own choice")
def test_the_isolation_matrix_holds_on_the_oldest_server():
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST_", "GUANXI_TEST_", "GUANXI_POSTGRES"))
    }
    folder = Path(__file__).parent
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "0",
            folder / "test_isolation.py",
            folder / "test_pools.py",
        ],
        env=environment | {"GUANXI_TEST_PG": OLDEST},
        cwd=folder.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout
