"""Writes the one initial revision of every component from the models: ``python -m core.tenancy.initial``.

Owns the generated files while the product is unreleased. Emits nothing. Never connects.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any, Final, Literal

from alembic.autogenerate import render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import ForeignKeyConstraint, Table, TypeDecorator
from sqlalchemy.dialects import postgresql

from core.tenancy.components import Component, components

NAME: Final = "0001_initial.py"

_TEMPLATE: Final = '''"""All tables of {key}, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    {body}
'''


def source(component: Component) -> str:
    """Write the revision's module."""
    operations: list[ops.MigrateOperation] = []
    late: list[ops.MigrateOperation] = []
    for table in component.tables():
        operations.append(_create(table))
        operations += [
            ops.CreateIndexOp.from_index(index)
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
        late += [ops.CreateForeignKeyOp.from_constraint(key) for key in _foreign_keys(table) if key.use_alter]
    context = MigrationContext.configure(
        dialect_name="postgresql",
        opts={"target_metadata": component.metadata, "user_module_prefix": None},
    )
    upgrade = ops.UpgradeOps([*operations, *late])
    body = (
        render_python_code(upgrade, render_item=render_item, migration_context=context)
        if operations
        else "pass"
    )
    body = "\n".join(line for line in body.splitlines() if "###" not in line).strip()
    # The digest tells schemas made before the models changed from those made after.
    digest = hashlib.sha256(body.encode()).hexdigest()[:8]
    revision = f"{component.key}_0001_{digest}"
    return _TEMPLATE.format(key=component.key, revision=revision, body=body)


def write(component: Component, folder: Path | None = None) -> bool:
    """Write the file where it differs; says whether it did."""
    path = (folder or component.path / "versions") / NAME
    text = source(component)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def _foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    found = [item for item in table.constraints if isinstance(item, ForeignKeyConstraint)]
    return sorted(found, key=lambda item: str(item.name))


def _create(table: Table) -> ops.CreateTableOp:
    operation = ops.CreateTableOp.from_table(table)
    operation.info = {}
    operation.columns = [
        item for item in operation.columns if not (isinstance(item, ForeignKeyConstraint) and item.use_alter)
    ]
    return operation


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write types of our own as the built-in types that they are stored as."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, postgresql.JSONB):
        return "postgresql.JSONB()"
    return False


def main() -> None:
    """Write all initial revisions and say which changed."""
    for component in components():
        if write(component):
            sys.stdout.write(f"wrote {component.path / 'versions' / NAME}\n")


if __name__ == "__main__":
    main()
