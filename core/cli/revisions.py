"""`guanxi revise`: draft the next migration from the models, for developers."""

import click
import psycopg

from core.cli.database import database_settings, migrate_all
from core.cli.serving import serving
from core.kernel.secrets import KeyRing
from core.tenancy.author import write_revision
from core.tenancy.components import component, components
from core.tenancy.provisioning import fill_pool


@click.command()
@click.argument("key", metavar="COMPONENT")
@click.argument("message")
def revise(key: str, message: str) -> None:
    """Draft the next revision of COMPONENT from what its models say beyond its newest one."""
    if key not in {item.key for item in components()}:
        raise click.BadParameter(f"{key} is none of {', '.join(item.key for item in components())}")
    with serving() as settings:
        migrate_all(settings, click.echo)
        database = database_settings(settings)
        fill_pool(database, 1, new_key=KeyRing(settings.secret_key).new_tenant_key)
        with psycopg.connect(database.dsn(database.control)) as control:
            row = control.execute("SELECT schema FROM control.tenant WHERE state = 'free' LIMIT 1").fetchone()
        schema = str(row[0]) if row else ""
        written = write_revision(component(key), message, dsn=database.admin_dsn(), schema=schema)
    if written is None:
        click.echo("The models say nothing new.")
        return
    path, problems = written
    click.echo(f"wrote {path}")
    for problem in problems:
        click.echo(f"to mend: {problem}", err=True)


COMMANDS = [revise]
