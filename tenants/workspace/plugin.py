"""The workspace as a whole: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Banner, JobSpec, Manifest, Nav, Permission, Reach, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.workspace.api import WorkspaceApi
from tenants.workspace.api_import import ImportApi
from tenants.workspace.banner import in_sandbox
from tenants.workspace.closed_pages import ClosedPages
from tenants.workspace.events import EVENTS
from tenants.workspace.jobs import JOBS
from tenants.workspace.jobs_import import IMPORT_JOBS
from tenants.workspace.nav import NAV
from tenants.workspace.pages import CompanyPages, DangerPages
from tenants.workspace.pages_data import DataPages
from tenants.workspace.personal import crm_personal_data as crm_personal_data

OWNER: dict[str, Reach] = {"owner": "all"}
LEADERS: dict[str, Reach] = {"owner": "all", "admin": "all"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every workspace has a name and an end."""
    return Manifest(
        key="workspace", title=N_("Workspace"), kind="locked", icon="building-2", requires=("api_keys",)
    )


@hookimpl
def crm_permissions() -> list[Permission]:
    """Administrators look after it, owners alone take all of it away; no scope lets a key close it."""
    return [
        Permission(name="workspace.manage", title=N_("Change the company profile"), reach=LEADERS),
        Permission(
            name="workspace.sandbox",
            title=N_("Make, open and remove the sandbox"),
            reach=LEADERS,
            scope="sandbox:write",
        ),
        Permission(
            name="workspace.export",
            title=N_("Export the whole workspace"),
            reach=OWNER,
            scope="archives:write",
        ),
        Permission(
            name="workspace.import",
            title=N_("Make a workspace from an archive"),
            reach=OWNER,
            scope="archives:write",
        ),
        Permission(
            name="workspace.close",
            title=N_("Close the workspace or hand it over"),
            reach=OWNER,
            scope="workspace:manage",
        ),
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The workspace for programs."""
    return [WorkspaceApi, ImportApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Company, data, danger zone."""
    return [CompanyPages, DataPages, DangerPages]


@hookimpl
def crm_public() -> list[type[Controller]]:
    """Closed workspaces."""
    return [ClosedPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Archives there and back, sandbox, mails, sweep."""
    return [*JOBS, *IMPORT_JOBS]


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to the workspace as a whole."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """A sentence for each."""
    return [
        TimelineKind(event=event.name, icon="building-2", summary=lambda stored, t: t(type(stored).summary))
        for event in EVENTS
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """The cards of the settings page."""
    return NAV


@hookimpl
def crm_banners() -> list[Banner]:
    """Say in the sandbox that it is one."""
    return [Banner(key="sandbox", render=in_sandbox, order=0)]
