"""The command group: finds the families of this package and the commands that modules declare."""

import importlib
import os
import pkgutil
from pathlib import Path

import click

from core import cli
from core.embedded.home import EmbeddedError
from core.ext.registry import load
from core.kernel.errors import AppError
from core.settings import SettingsError


class Families(click.Group):
    """Commands from every module beside this one that has `COMMANDS`, then from the registry."""

    _is_complete = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._find()
        return sorted(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._find()
        if cmd_name not in self.commands:
            self._find_declared()
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._find_declared()
        super().format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingsError, EmbeddedError) as error:
            raise click.ClickException(str(error)) from error
        except AppError as error:
            problems = [f"{e.path}: {e.message}" for e in error.errors]
            raise click.ClickException("\n  ".join([error.detail or error.title, *problems])) from error

    def _find(self) -> None:
        if self._is_complete:
            return
        self._is_complete = True
        for module in pkgutil.iter_modules(cli.__path__):
            found = importlib.import_module(f"{cli.__name__}.{module.name}")
            for command in getattr(found, "COMMANDS", ()):
                self.add_command(command)

    def _find_declared(self) -> None:
        """Add what modules declare; a name that is taken stays with its first owner."""
        self._find()
        try:
            declared = load().declared["crm_commands"]
        except Exception as error:
            # A module that cannot be imported must not take away the commands that find out why.
            click.echo(f"The modules' own commands are missing: {error!r}", err=True)
            return
        for command in declared:
            if command.name not in self.commands:
                self.add_command(command)


@click.group(cls=Families, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="GUANXI_HOME",
    help="Folder for data, files, keys and logs [GUANXI_HOME; ./.guanxi].",
)
@click.version_option(package_name="guanxi", message="%(version)s")
def guanxi(home: Path | None) -> None:
    """Guanxi: customer relationships for many workspaces.

    Settings come from the environment; without any, everything runs on this machine alone.
    """
    if home is not None:
        os.environ["GUANXI_HOME"] = str(home)
