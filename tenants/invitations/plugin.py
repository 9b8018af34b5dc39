"""Invitations: how colleagues come in."""

from __future__ import annotations

from litestar import Controller

from core.access.service import MANAGE
from core.ext.hooks import hookimpl
from core.ext.specs import Banner, JobSpec, Manifest, Nav, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.invitations.api import InvitationApi
from tenants.invitations.events import EVENTS
from tenants.invitations.jobs import JOBS
from tenants.invitations.join_pages import JoinPages, WorkspacePages
from tenants.invitations.notices import missing
from tenants.invitations.pages import InvitationPages
from tenants.invitations.tidying import FORGET


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: nobody works alone for long."""
    return Manifest(
        key="invitations",
        title=N_("Invitations"),
        kind="locked",
        icon="mail",
        requires=("accounts", "members"),
    )


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Invite, list, send again, revoke."""
    return [InvitationApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The settings page."""
    return [InvitationPages]


@hookimpl
def crm_public() -> list[type[Controller]]:
    """What the links open."""
    return [JoinPages, WorkspacePages]


@hookimpl
def crm_nav() -> list[Nav]:
    """A card of the settings page."""
    return [
        Nav(
            key="invitations",
            title=N_("Invitations"),
            icon="mail",
            url="/settings/invitations",
            order=12,
            permission=MANAGE,
            group="settings",
            in_sandbox=False,
            hint=N_("Who was invited and has not come yet, by mail or by link."),
        )
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """Made, sent again, accepted, revoked."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """A sentence for each."""
    return [
        TimelineKind(event=event.name, icon="mail", summary=lambda stored, t: t(type(stored).summary))
        for event in EVENTS
    ]


@hookimpl
def crm_banners() -> list[Banner]:
    """Say which domain is about to close."""
    return [Banner(key="domain", render=missing, permission=MANAGE, order=30)]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Send mails, complete what was accepted, look domains up, forget what ended."""
    return [*JOBS, FORGET]
