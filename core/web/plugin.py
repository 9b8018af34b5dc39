"""The shell's own routes."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Check, JobSpec, Manifest, Nav
from core.kernel.i18n import N_
from core.web.checks import file_problems
from core.web.jobs import JOBS
from core.web.live import LivePages
from core.web.reference import DescriptionApi, ReferencePages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every page stands in it."""
    return Manifest(key="web", title=N_("Shell"), kind="locked", icon="panel-left")


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The live stream, and the reference of the API."""
    return [LivePages, ReferencePages]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The description of the API."""
    return [DescriptionApi]


@hookimpl
def crm_nav() -> list[Nav]:
    """The reference, among the settings."""
    return [
        Nav(
            key="reference",
            title=N_("API reference"),
            icon="book-open",
            url="/settings/api/reference",
            order=320,
            group="settings",
            section="developers",
            hint=N_("Every address of the API that this workspace has, to read and to try."),
        )
    ]


@hookimpl
def crm_checks() -> list[Check]:
    """Whether the browser files are there."""
    return [Check(key="pages", title=N_("Browser files"), run=file_problems)]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Forget what need not be kept."""
    return JOBS
