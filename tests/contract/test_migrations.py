"""The histories say what the models say, and a migrated schema is what both say."""

import pytest
from alembic.autogenerate import compare_metadata

from core.tenancy import ddl, initial
from core.tenancy.author import comparison
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


@pytest.fixture
def migrated(component, database_settings, untouched_tenant):
    """A workspace that has the component's tables; those of a module are removed again."""
    is_module = component.schema is None and component.key != "core"
    if is_module:
        ddl.install(database_settings, untouched_tenant, component.key)
    yield untouched_tenant
    if is_module:
        ddl.uninstall(database_settings, untouched_tenant, component.key)


def test_a_migrated_schema_is_what_the_models_say(component, database_settings, migrated):
    with comparison(component, database_settings.admin_dsn(), migrated.schema) as context:
        assert compare_metadata(context, component.metadata) == []


def test_no_step_breaks_a_rule(component):
    assert [str(problem) for problem in lint(component, compile_history(component))] == []
