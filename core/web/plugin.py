"""The shell's own routes."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Check, Manifest
from core.kernel.i18n import N_
from core.web.checks import file_problems
from core.web.live import LivePages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every page stands in it."""
    return Manifest(key="web", title=N_("Shell"), kind="locked", icon="panel-left")


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The live stream."""
    return [LivePages]


@hookimpl
def crm_checks() -> list[Check]:
    """Whether the browser files are there."""
    return [Check(key="pages", title=N_("Browser files"), run=file_problems)]
