"""Fixtures for every test: databases here, contexts and people on top of them."""

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.people"]
