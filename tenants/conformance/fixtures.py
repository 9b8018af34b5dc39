"""Fixtures for the tests of a plugin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenants.conformance.pytest_plugin import OPTION
from tenants.conformance.scene import Scene, scene


@pytest.fixture(scope="session")
def guanxi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two workspaces: one has the plugin, the other does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUANXI_HOME", str(tmp_path_factory.mktemp("guanxi")))
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        with scene(request.config.getoption(OPTION)) as made:
            yield made
