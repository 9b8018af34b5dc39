"""Accounts: the door of the installation."""

from __future__ import annotations

from typing import Any

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Banner, JobSpec, Manifest, Subscription
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.accounts import jobs, tidying
from tenants.accounts import service_addresses as addresses
from tenants.accounts import service_changes as changes
from tenants.accounts.authentication import authenticate
from tenants.accounts.banner import unconfirmed
from tenants.accounts.events import EVENTS
from tenants.accounts.link_pages import LinkPages
from tenants.accounts.pages import DoorPages
from tenants.accounts.rights import follow_rights
from tenants.accounts.second_factor import events as second_factor
from tenants.accounts.second_factor.pages import CodePages, SecondFactorPages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: nobody works without it."""
    return Manifest(key="accounts", title=N_("Accounts"), kind="locked", requires=("members",))


@hookimpl
def crm_public() -> list[type[Controller]]:
    """Log in and out in one step or two, and the links of mails."""
    return [DoorPages, CodePages, SecondFactorPages, LinkPages]


@hookimpl
def crm_events() -> list[type[Event]]:
    """What the control plane's log tells of accounts."""
    return [*EVENTS, *second_factor.EVENTS]


@hookimpl
def crm_banners() -> list[Banner]:
    """Remind who has not confirmed his address."""
    return [Banner(key="unconfirmed", render=unconfirmed, order=10)]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Mails, and the members of workspaces whose account changed."""
    several = (
        (addresses.MAIL_VERIFICATION, jobs.mail_verification, addresses.MailVerification),
        (addresses.MAIL_RESET, jobs.mail_reset, addresses.MailReset),
        (changes.MAIL_CHANGE, jobs.mail_change, changes.MailChange),
        (changes.SETTLE, jobs.settle_change, changes.SettleChange),
    )
    sent = [
        JobSpec(name=name, handler=handler, params=params, kind="control", timeout_s=60.0, retries=10)
        for name, handler, params in several
    ]
    return [
        *sent,
        JobSpec(
            name="accounts.forget_old",
            handler=tidying.forget_old,
            params=tidying.Nothing,
            kind="control",
            every_s=86_400,
        ),
        JobSpec(
            name=addresses.SYNC_MEMBER, handler=jobs.sync_member, params=addresses.SyncMember, kind="event"
        ),
    ]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Let the sessions of somebody whose rights changed take new tokens."""
    return [Subscription(event="member.updated", name="sessions", handler=follow_rights)]


@hookimpl
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Know a browser by its session cookie."""
    return await authenticate(runtime, request)
