"""Brings schemas to the newest revision: compiled SQL, replayed, guarded by the version row.

Owns the running of migrations. Emits nothing. Never runs a step twice: the version row is its guard.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import psycopg

from core.tenancy.components import Component, tenant_grants
from core.tenancy.migrations import Step, UnknownRevision, after, compile_history, head
from core.tenancy.settings import DatabaseSettings

RETRIES: Final = 6
_BLOCKED: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.QueryCanceled,
    psycopg.errors.SerializationFailure,
)


_NOTE: Final = """
INSERT INTO cell.migration AS m (tenant_role, component, state, revision, error, attempts, finished_at)
VALUES (%s, %s, %s, %s, %s, 1, now())
ON CONFLICT (tenant_role, component) DO UPDATE SET state = excluded.state, revision = excluded.revision,
  error = excluded.error, finished_at = now(),
  attempts = CASE WHEN m.revision IS NOT DISTINCT FROM excluded.revision THEN m.attempts + 1 ELSE 1 END
"""


class Overtaken(RuntimeError):
    """Another runner moved this schema on between reading its version and writing it."""


@dataclass(slots=True)
class Progress:
    """How far an upgrade is; ``failed`` maps a schema to its error."""

    total: int
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def versions(
    connection: psycopg.Connection, component: Component, schemas: Iterable[str]
) -> dict[str, str | None]:
    """Read the version of every schema in one query; None where the component is not installed."""
    wanted = list(schemas)
    installed = [
        row[0]
        for row in connection.execute(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relname = %s AND n.nspname = ANY(%s)",
            [component.version_table, wanted],
        )
    ]
    found: dict[str, str | None] = dict.fromkeys(wanted)
    if installed:
        query = " UNION ALL ".join(
            f"SELECT '{schema}', version_num FROM \"{schema}\".{component.version_table}"  # noqa: S608 -- names read from the catalogue
            for schema in installed
        )
        found.update((row[0], row[1]) for row in connection.execute(query.encode()))
    return found


def script(component: Component, settings: DatabaseSettings, steps: tuple[Step, ...], schema: str) -> str:
    """Write the whole of a component as one message, version row and grants included."""
    body = "".join(step.sql for step in steps)
    return body + _version_table(component, head(steps)) + _grants(component, settings, steps, schema)


def install_steps(component: Component, revision: str | None = None) -> tuple[Step, ...]:
    """Give the steps from nothing to a revision, or to the newest."""
    steps = compile_history(component)
    rest = () if revision is None else after(steps, revision)
    return steps[: len(steps) - len(rest)]


def upgrade_schema(
    connection: psycopg.Connection,
    component: Component,
    schema: str,
    *,
    settings: DatabaseSettings,
    version: str | None,
    steps: tuple[Step, ...] | None = None,
) -> int:
    """Bring one schema from ``version`` to the newest revision; says how many steps ran.

    Each step is one transaction with its version row. Raises :class:`Overtaken` where the row had moved.
    """
    todo = after(compile_history(component) if steps is None else steps, version)
    for step in todo:
        if step.is_transactional:
            _run(connection, component, step, schema, settings)
        else:
            _run_open(connection, component, step, schema, settings)
    return len(todo)


def upgrade_all(
    settings: DatabaseSettings,
    component: Component,
    cell: str,
    schemas: Iterable[str],
    *,
    workers: int = 4,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Bring many schemas of a cell to the newest revision with a few connections.

    Blocked schemas are tried again with growing pauses while others go on; what has been done stays done,
    so that a runner that was killed simply starts again. Errors are kept per schema.
    """
    dsn = settings.dsn(settings.migrate, cell)
    with psycopg.connect(dsn) as connection:
        connection.execute(f'SET ROLE "{settings.owner}"'.encode())
        current = versions(connection, component, schemas)
    newest = head(compile_history(component))
    todo = [schema for schema, version in current.items() if version != newest]
    progress = Progress(total=len(todo))
    lock = threading.Lock()
    local = threading.local()
    opened: list[psycopg.Connection] = []

    def work(schema: str) -> None:
        connection = getattr(local, "connection", None)
        if connection is None or connection.closed:
            connection = local.connection = psycopg.connect(dsn, autocommit=True)
            with lock:
                opened.append(connection)
        error = _try_upgrade(connection, component, schema, current[schema], settings)
        _note(connection, component, schema, newest, error)
        with lock:
            progress.done += 1
            if error:
                progress.failed[schema] = error
            report(progress)

    try:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            list(pool.map(work, todo))
    finally:
        for connection in opened:
            connection.close()
    return progress


def _try_upgrade(
    connection: psycopg.Connection,
    component: Component,
    schema: str,
    version: str | None,
    settings: DatabaseSettings,
) -> str:
    for attempt in range(RETRIES):
        try:
            upgrade_schema(connection, component, schema, settings=settings, version=version)
        except (*_BLOCKED, Overtaken) as error:
            if not isinstance(error, Overtaken):
                time.sleep(0.2 * 2**attempt)
            version = _version(connection, component, schema, settings)
            last = error
        except (psycopg.Error, UnknownRevision) as error:
            return str(error).strip()
        else:
            return ""
    return f"blocked: {last}".strip()


def _note(
    connection: psycopg.Connection, component: Component, schema: str, revision: str | None, error: str
) -> None:
    connection.execute(_NOTE, [schema, component.key, "failed" if error else "done", revision, error or None])


def _version(
    connection: psycopg.Connection, component: Component, schema: str, settings: DatabaseSettings
) -> str | None:
    with connection.transaction():
        connection.execute(f'SET LOCAL ROLE "{settings.owner}"'.encode())
        return versions(connection, component, [schema])[schema]


def _run(
    connection: psycopg.Connection,
    component: Component,
    step: Step,
    schema: str,
    settings: DatabaseSettings,
) -> None:
    message = step.sql + _grants(component, settings, (step,), schema)
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '2s';{_enter(schema, settings)}".encode())
        _move(connection, component, step)
        connection.execute(message.encode())


def _run_open(
    connection: psycopg.Connection,
    component: Component,
    step: Step,
    schema: str,
    settings: DatabaseSettings,
) -> None:
    connection.execute(_enter(schema, settings).replace("SET LOCAL", "SET").encode())
    try:
        for statement in filter(None, (part.strip() for part in step.sql.split(";\n"))):
            connection.execute(statement.encode())
        with connection.transaction():
            _move(connection, component, step)
    finally:
        connection.execute("RESET ROLE")
        connection.execute("RESET search_path")


def _move(connection: psycopg.Connection, component: Component, step: Step) -> None:
    # First of all: whoever comes second finds the row moved, or waits for it, before any other statement.
    table = component.version_table
    if step.previous is None:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))", [table]
        )
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
            raise Overtaken(f"{component.key} is installed already")
        connection.execute(_version_table(component, step.revision).encode())
        return
    moved = connection.execute(
        f"UPDATE {table} SET version_num = %s WHERE version_num = %s".encode(),  # noqa: S608 -- our own name
        [step.revision, step.previous],
    )
    if moved.rowcount != 1:
        raise Overtaken(f"{component.key} was not at {step.previous}")


def _enter(schema: str, settings: DatabaseSettings) -> str:
    path = f'"{schema}", ext'
    return f'SET LOCAL ROLE "{settings.owner}";SET LOCAL search_path = {path};'


def _version_table(component: Component, revision: str | None) -> str:
    table = component.version_table
    return (
        f"CREATE TABLE {table} (version_num text CONSTRAINT {table}_pk PRIMARY KEY);\n"
        f"INSERT INTO {table} VALUES ('{revision}');\n"
    )


def _grants(component: Component, settings: DatabaseSettings, steps: tuple[Step, ...], schema: str) -> str:
    if component.schema is not None:
        return ""
    created = {name for step in steps for name in step.created}
    tables = [table for table in component.tables() if table.name in created]
    return tenant_grants(tables, schema, settings.migrate)
