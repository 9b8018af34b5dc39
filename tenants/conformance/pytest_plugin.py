"""``pytest --guanxi-plugin KEY``: the conformance checks of one installed plugin, and fixtures for its own tests."""

from __future__ import annotations

from pathlib import Path

import pytest

OPTION = "--guanxi-plugin"
CHECKS = Path(__file__).with_name("checks.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, metavar="KEY", help="check the installed Guanxi plugin of that key")


def pytest_configure(config: pytest.Config) -> None:
    """Give the fixtures, and have the checks collected beside what was asked for."""
    if config.getoption(OPTION):
        config.pluginmanager.import_plugin("tenants.conformance.fixtures")
        config.args = [str(CHECKS), *(argument for argument in config.args if argument != str(CHECKS))]
