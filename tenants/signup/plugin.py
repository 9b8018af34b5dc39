"""The beginning of workspaces."""

from __future__ import annotations

import click

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest
from core.kernel.i18n import N_
from tenants.signup import archives
from tenants.signup.commands import demo, members, workspaces


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: somebody has to begin."""
    return Manifest(key="signup", title=N_("Signup"), kind="locked", requires=("accounts",))


@hookimpl
def crm_commands() -> list[click.Command]:
    """``guanxi workspaces``, ``guanxi members`` and ``guanxi demo``."""
    workspaces.add_command(archives.export)
    workspaces.add_command(archives.import_)
    return [workspaces, members, demo]
