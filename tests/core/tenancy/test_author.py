"""The next revision is written from the models, and a schema that runs it is what they say."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from core.kernel.db import NAMING
from core.tenancy import initial
from core.tenancy.author import comparison, write_revision
from core.tenancy.components import Component
from core.tenancy.migrations import compile_history
from core.tenancy.runner import upgrade_schema


@pytest.fixture
def toys(tmp_path, database_settings):
    """A component with a schema of its own, at its initial revision."""
    metadata = MetaData(naming_convention=NAMING, schema="toys")
    Table(
        "boat",
        metadata,
        Column("id", Integer(), primary_key=True, autoincrement=False),
        Column("old", Text()),
    )
    item = Component("toys", tmp_path, metadata, "toys")
    initial.write(item)
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute(f"CREATE SCHEMA toys AUTHORIZATION {database_settings.owner}")
    upgrade(database_settings, item, None)
    yield item
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute("DROP SCHEMA toys CASCADE")
    compile_history.cache_clear()


def upgrade(settings, item, version):
    with psycopg.connect(settings.dsn(settings.migrate), autocommit=True) as connection:
        upgrade_schema(connection, item, "toys", settings=settings, version=version)


def test_nothing_changed_writes_nothing(toys, database_settings):
    dsn = database_settings.admin_dsn()
    assert write_revision(toys, "Nothing", dsn=dsn, schema="toys") is None


def test_a_revision_brings_the_schema_to_the_models(toys, database_settings):
    dsn = database_settings.admin_dsn()
    first = compile_history(toys)[-1].revision
    metadata = MetaData(naming_convention=NAMING, schema="toys")
    boat = Table(
        "boat",
        metadata,
        Column("id", Integer(), primary_key=True, autoincrement=False),
        Column("name", Text()),
    )
    Index("ix_boat_name", boat.c.name)
    Table("sail", metadata, Column("id", Integer(), primary_key=True, autoincrement=False))
    changed = Component("toys", toys.path, metadata, "toys")
    written = write_revision(changed, "Give boats names", dsn=dsn, schema="toys")
    assert written is not None
    path, problems = written
    assert path.name == "0002_give_boats_names.py"
    rules = {problem.rule for problem in problems}
    assert "a step that the previous release would not survive is marked contract = True" in rules
    assert "an index on an existing table is made CONCURRENTLY" in rules
    upgrade(database_settings, changed, first)
    with comparison(changed, dsn, "toys") as context:
        assert compare_metadata(context, metadata) == []
