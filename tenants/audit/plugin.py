"""The audit log: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Nav, Permission
from core.kernel.i18n import N_
from tenants.audit.api import AuditApi
from tenants.audit.jobs import JOBS
from tenants.audit.pages import AuditPages
from tenants.audit.service import VIEW


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: nobody may switch off being watched."""
    return Manifest(
        key="audit",
        title=N_("Audit log"),
        kind="locked",
        icon="scroll-text",
        requires=("exports", "activities"),
    )


@hookimpl
def crm_permissions() -> list[Permission]:
    """Owners and administrators; it shows the values of every record."""
    return [
        Permission(
            name=VIEW,
            title=N_("Read the audit log, with what changed in every record"),
            reach={"owner": "all", "admin": "all"},
        )
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The log for programs."""
    return [AuditApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The log for people."""
    return [AuditPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """The log as a file."""
    return JOBS


@hookimpl
def crm_nav() -> list[Nav]:
    """A card of the settings page."""
    return [
        Nav(
            key="audit",
            title=N_("Audit log"),
            icon="scroll-text",
            url="/settings/audit",
            order=400,
            permission=VIEW,
            group="settings",
            hint=N_("Who did what and when, in the workspace and to it."),
        )
    ]
