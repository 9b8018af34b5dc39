"""Writes the next revision of a component from what its models say beyond a migrated schema.

Owns the comparison of models and schemas. Emits nothing. Never changes a database.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from core.tenancy.components import Component
from core.tenancy.initial import render_item
from core.tenancy.linter import Problem, lint
from core.tenancy.migrations import compile_history, head

_TEMPLATE: Final = '''"""{message}"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = "{previous}"


def upgrade() -> None:
    """{message}"""
    {body}
'''


@contextmanager
def comparison(component: Component, dsn: str, schema: str) -> Iterator[MigrationContext]:
    """Open the context in which alembic compares a component's models with one migrated schema.

    Indexes that a tenant caused (``cx_*``) and tables of other components are left out.
    """
    path = "public" if component.schema else f"{schema},ext"
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn, options=f"-c search_path={path}")
    )
    names = {table.name for table in component.tables()}

    def include_name(name: str | None, kind: str, _parents: Any) -> bool:
        if kind == "schema":
            return name == component.schema
        if kind == "table":
            return name in names or _is_ours(component, name or "")
        return not (name or "").startswith("cx_")

    def include_object(item: Any, name: str, kind: str, _reflected: bool, _other: Any) -> bool:
        return kind != "table" or name in names or _is_ours(component, name)

    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": include_name,
        "include_object": include_object,
        "include_schemas": component.schema is not None,
        "target_metadata": component.metadata,
        "user_module_prefix": None,
    }
    try:
        with engine.connect() as connection:
            yield MigrationContext.configure(connection, opts=options)
    finally:
        engine.dispose()


def write_revision(
    component: Component, message: str, *, dsn: str, schema: str
) -> tuple[Path, list[Problem]] | None:
    """Write the next revision and give it with the rules it breaks; None where nothing changed.

    ``schema`` is one that is at the newest revision. What is written is a draft: read it, split what the
    linter refuses.
    """
    with comparison(component, dsn, schema) as context:
        migration = produce_migrations(context, component.metadata)
        upgrade = migration.upgrade_ops or ops.UpgradeOps([])
        if upgrade.is_empty():
            return None
        body = render_python_code(upgrade, render_item=render_item, migration_context=context)
    body = "\n".join(line for line in body.splitlines() if "###" not in line).strip()
    steps = compile_history(component)
    number = len(steps) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    path = component.path / "versions" / f"{number:04d}_{slug}.py"
    text = _TEMPLATE.format(
        message=message.rstrip(".") + ".",
        revision=f"{component.key}_{number:04d}_{slug}",
        previous=head(steps),
        body=body,
    )
    path.write_text(text, encoding="utf-8")
    compile_history.cache_clear()
    return path, lint(component, compile_history(component)[-1:])


def _is_ours(component: Component, table: str) -> bool:
    """Whether a table that no model has belongs to this component: then its removal is a difference."""
    if table.startswith("alembic_version_"):
        return False
    return component.schema is not None or component.owns(table)
