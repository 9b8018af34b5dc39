"""Components: groups of tables with a history of their own.

Owns the list of components and what each may touch. Emits nothing. Never connects.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, Table

from core.kernel import db, installed

ROOTS: Final = ("core", "tenants", "plugins")
DML: Final = "SELECT, INSERT, UPDATE, DELETE"
_HOME: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Component:
    """One history: ``schema`` is None for tables that every tenant has."""

    key: str
    path: Path
    metadata: MetaData
    schema: str | None = None

    @property
    def version_table(self) -> str:
        """Name of the table that holds the revision."""
        return f"alembic_version_{self.key}"

    def tables(self) -> list[Table]:
        """Tables of this component, referenced ones first."""
        return [table for table in self.metadata.sorted_tables if self.owns(table.name)]

    def owns(self, table: str) -> bool:
        """Whether a table of the component's schema is its own: a plugin's by prefix, the rest is core's."""
        if self.schema is not None:
            return True
        plugins = [item.key for item in components()[3:] if table.startswith(f"{item.key}_")]
        return self.key == max(plugins, key=len, default="core")


def import_models() -> None:
    """Import every module that declares tables."""
    for root in ROOTS:
        base = _HOME / root
        for path in sorted(base.rglob("models.py")) if base.is_dir() else ():
            importlib.import_module(".".join((root, *path.relative_to(base).with_suffix("").parts)))
    for name in ("directory", "control_log", "plugin_uses", "plugin_faults"):
        importlib.import_module(f"core.tenancy.{name}")
    for source in installed.sources():
        _import_installed(source)


def _import_installed(source: installed.Source) -> None:
    """Import the tables of an installed module; where that fails, none of them is there."""
    before = set(db.metadata.tables)
    try:
        for name in () if source.error else source.models():
            installed.within(installed.LIMIT_S, partial(importlib.import_module, name))
    except Exception as error:
        source.error = str(error)
        for name in set(db.metadata.tables) - before:
            db.metadata.remove(db.metadata.tables[name])


@cache
def components() -> tuple[Component, ...]:
    """Give all components: control, cell, core, then one per plugin with tables."""
    import_models()
    own = Path(__file__).parent
    fixed = (
        Component("control", own / "control_migrations", db.control_metadata, "control"),
        Component("cell", own / "cell_migrations", db.cell_metadata, "cell"),
        Component("core", _HOME / "core" / "migrations", db.metadata),
    )
    plugins = _HOME / "plugins"
    found = {
        "_".join(path.relative_to(plugins).parent.parts): path.parent
        for path in (sorted(plugins.rglob("models.py")) if plugins.is_dir() else [])
    }
    for source in installed.sources():
        if source.folder is not None and not source.error and any(source.models()):
            found.setdefault(source.key.replace(".", "_"), source.folder)
    return fixed + tuple(Component(key, folder / "migrations", db.metadata) for key, folder in found.items())


def component(key: str) -> Component:
    """Find a component by its key."""
    return next(item for item in components() if item.key == key)


def plugin_component(plugin: str) -> Component | None:
    """The tables of a module by its key (``marketing.forms``); None where it has none."""
    key = plugin.replace(".", "_")
    return next((item for item in components()[3:] if item.key == key), None)


def tenant_grants(tables: Iterable[Table], role: str, worker: str) -> str:
    """Write the GRANTs on tenant tables, one statement for each set of rights.

    ``info["grants"]`` narrows the tenant's rights; ``info["worker_grants"]`` gives some to the worker.
    """
    rights: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        rights.setdefault((table.info.get("grants", DML), role), []).append(f'"{table.name}"')
        if table.info.get("worker_grants"):
            rights.setdefault((table.info["worker_grants"], worker), []).append(f'"{table.name}"')
    return "".join(
        f'GRANT {right} ON {", ".join(names)} TO "{grantee}";\n'
        for (right, grantee), names in rights.items()
        if right
    )


def control_grants(tables: Iterable[Table], control: str) -> str:
    """Write the GRANTs on the control schema."""
    return f'GRANT USAGE ON SCHEMA control TO "{control}";\n' + "".join(
        f'REVOKE ALL ON control."{table.name}" FROM "{control}";\n'
        f'GRANT {table.info.get("grants", DML)} ON control."{table.name}" TO "{control}";\n'
        for table in tables
    )


def cell_grants(tables: Iterable[Table], group: str, worker: str) -> str:
    """Write the GRANTs and row-level security of a cell's own tables.

    A tenant reaches only rows that carry its role; the worker reaches all.
    """
    parts = [f'GRANT USAGE ON SCHEMA cell TO "{group}", "{worker}";\n']
    for table in tables:
        name = f'cell."{table.name}"'
        parts.append(f'GRANT {DML} ON {name} TO "{worker}";\n')
        if not table.info.get("tenant_grants"):
            continue
        parts.append(
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;\n"
            f"DROP POLICY IF EXISTS tenant_rows ON {name};\n"
            f'CREATE POLICY tenant_rows ON {name} TO "{group}" '
            f"USING (tenant_role = current_user) WITH CHECK (tenant_role = current_user);\n"
            f"DROP POLICY IF EXISTS worker_rows ON {name};\n"
            f'CREATE POLICY worker_rows ON {name} TO "{worker}" USING (true) WITH CHECK (true);\n'
            f'GRANT {table.info["tenant_grants"]} ON {name} TO "{group}";\n'
        )
    return "".join(parts)
