"""Fixtures for every test: databases here, contexts and people on top of them."""

import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.order",
    "tests.fixtures.rows",
    "tests.fixtures.database",
    "tests.fixtures.people",
    "tests.fixtures.planted",
    "tests.fixtures.sandboxes",
    "tests.fixtures.scene",
    "tests.fixtures.world",
]

# Drawing a traceback with every local variable takes a second; tests only want the line.
structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()])

# What an example takes on a machine that is busy with others says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
