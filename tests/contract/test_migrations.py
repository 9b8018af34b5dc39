"""The histories say what the models say, and a migrated schema is what both say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from core.tenancy import initial
from core.tenancy.components import components
from core.tenancy.linter import lint
from core.tenancy.migrations import compile_history

KEYS = [item.key for item in components()]


@pytest.fixture(params=KEYS)
def component(request, server):
    return next(item for item in components() if item.key == request.param)


@pytest.mark.parametrize("key", KEYS)
def test_the_initial_revision_is_current(key):
    """Otherwise: ``make initial`` (``python -m core.tenancy.initial``), and commit what it wrote."""
    own = next(item for item in initial.components() if item.key == key)
    path = own.path / "versions" / initial.NAME
    assert path.exists()
    assert path.read_text(encoding="utf-8") == initial.source(own)


def test_a_migrated_schema_is_what_the_models_say(component, database_settings, tenant):
    path = "public" if component.schema else f"{tenant.schema},ext"
    engine = create_engine(
        database_settings.admin_dsn().replace("postgresql://", "postgresql+psycopg://"),
        connect_args={"options": f"-c search_path={path}"},
    )
    names = {table.name for table in component.tables()}

    def is_ours(name, kind, parents):
        if kind == "schema":
            return name == component.schema
        if kind == "table":
            return name in names
        return not (name or "").startswith("cx_")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": is_ours,
                "include_object": lambda item, name, kind, _reflected, _other: (
                    kind != "table" or name in names
                ),
                "include_schemas": component.schema is not None,
            },
        )
        differences = compare_metadata(context, component.metadata)
    engine.dispose()
    assert differences == []


def test_no_step_breaks_a_rule(component):
    assert [str(problem) for problem in lint(component, compile_history(component))] == []
