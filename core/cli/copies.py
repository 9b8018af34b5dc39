"""`guanxi backup` and `guanxi restore`: a whole installation as one folder."""

from pathlib import Path

import click

from core.embedded import backup as copies
from core.embedded.home import EmbeddedError, Home
from core.settings import Settings, home_of

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=FOLDER)
def backup(folder: Path) -> None:
    """Copy database, files and master key into the new FOLDER; everything goes on running."""
    settings = Settings.read()
    if settings.database_url is not None:
        raise EmbeddedError(
            "DATABASE_URL is set: back that server up by its own means, and the home's files beside"
        )
    contents = copies.backup(Home(settings.home), folder)
    click.echo(f"{folder}: PostgreSQL {contents.postgres}, {contents.files} files, checked")
    if contents.has_key:
        click.echo("It holds the master key: whoever has this folder can read every secret in it.")
    else:
        click.echo("The master key is not in it: keep GUANXI_SECRET_KEY somewhere else.")


@click.command()
@click.argument("folder", type=FOLDER)
def restore(folder: Path) -> None:
    """Fill an empty home from the backup in FOLDER and start the database once."""
    contents = copies.restore(folder, Home(home_of()))
    click.echo(f"{home_of()}: restored from {contents.made_at}, {contents.files} files")


COMMANDS = [backup, restore]
