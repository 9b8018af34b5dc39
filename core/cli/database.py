"""`guanxi migrate`: bring roles, rights and every schema up to date."""

from collections.abc import Callable, Iterator, Sequence

import click
import psycopg

from core.cli.serving import serving
from core.embedded.home import EmbeddedError, Home
from core.settings import Settings
from core.tenancy import initial, provisioning, runner
from core.tenancy.components import Component, component, components
from core.tenancy.migrations import compile_history, head
from core.tenancy.settings import DatabaseSettings

ALWAYS = "core"
"""The component that every tenant schema has; plugins' components are upgraded where they are installed."""
FAILURES_SHOWN = 20

Say = Callable[[str], None]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; end with 1 where something is not up to date.")
@click.option("--squash-initial", is_flag=True, help="Write the initial revisions again from the models.")
def migrate(*, check: bool, squash_initial: bool) -> None:
    """Bring roles, rights and every schema to the newest revision; harmless to repeat."""
    if squash_initial:
        initial.main()
        return
    with serving() as settings:
        if check:
            problems = list(behind(settings))
            click.echo("\n".join(problems) or "Everything is at the newest revision.")
            raise SystemExit(1 if problems else 0)
        migrate_all(settings, click.echo)


def database_settings(settings: Settings) -> DatabaseSettings:
    """Give what tenancy needs to know of the settings."""
    return DatabaseSettings(url=settings.database_url or "", secret=settings.secret_key)


def migrate_all(settings: Settings, say: Say) -> None:
    """Bring the control schema, the cells and every workspace to the newest revision."""
    database = database_settings(settings)
    with Home(settings.home).lock("migrate"):
        provisioning.bootstrap(database)
        failed: dict[str, str] = {}
        for item, cell, schemas in _targets(database):
            failed |= runner.upgrade_all(database, item, cell, schemas, report=_reporter(item, say)).failed
    if failed:
        shown = [f"{schema}: {error}" for schema, error in list(failed.items())[:FAILURES_SHOWN]]
        raise EmbeddedError(f"{len(failed)} schemas could not be migrated:\n  " + "\n  ".join(shown))


def behind(settings: Settings) -> Iterator[str]:
    """Say for each component and cell how many schemas are not at the newest revision."""
    database = database_settings(settings)
    fixed = [("control", None), *(("cell", cell) for cell in database.cell_urls())]
    for key, cell in fixed:
        yield from _behind(database, component(key), cell, [key])
    for item, name, schemas in _targets(database):
        yield from _behind(database, item, name, schemas)


def _behind(
    database: DatabaseSettings, item: Component, cell: str | None, schemas: Sequence[str]
) -> Iterator[str]:
    newest = head(compile_history(item))
    with psycopg.connect(database.dsn(database.migrate, cell)) as connection:
        connection.execute(f'SET ROLE "{database.owner}"'.encode())
        found = runner.versions(connection, item, schemas)
    late = sorted(schema for schema, version in found.items() if version != newest)
    if late:
        yield f"{item.key}: {len(late)} of {len(schemas)} schemas are not at {newest}, first {late[0]}"


def _targets(database: DatabaseSettings) -> Iterator[tuple[Component, str, list[str]]]:
    """Give each component of tenants with the schemas of a cell that have it."""
    tenant_components = [item for item in components() if item.schema is None]
    with psycopg.connect(database.dsn(database.control)) as connection:
        # What has no address and is due to be removed is being filled from an archive, which brings it up itself.
        rows = connection.execute(
            "SELECT cell, schema FROM control.tenant WHERE state <> 'deleting' OR slug IS NOT NULL ORDER BY id"
        ).fetchall()
    for cell in database.cell_urls():
        schemas = [schema for place, schema in rows if place == cell]
        for item in tenant_components:
            having = schemas if item.key == ALWAYS else _installed(database, item, cell, schemas)
            if having:
                yield item, cell, having


def _installed(database: DatabaseSettings, item: Component, cell: str, schemas: list[str]) -> list[str]:
    with psycopg.connect(database.dsn(database.migrate, cell)) as connection:
        connection.execute(f'SET ROLE "{database.owner}"'.encode())
        found = runner.versions(connection, item, schemas)
    return [schema for schema, version in found.items() if version is not None]


def _reporter(item: Component, say: Say) -> Callable[[runner.Progress], None]:
    def report(progress: runner.Progress) -> None:
        step = max(1, progress.total // 20)
        if progress.done % step == 0 or progress.done == progress.total:
            say(f"{item.key}: {progress.done} of {progress.total} schemas")

    return report


COMMANDS = [migrate]
