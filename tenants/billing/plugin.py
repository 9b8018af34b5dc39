"""Billing: plans, payments, limits."""

from __future__ import annotations

import click
from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Banner, JobSpec, Manifest, Nav, Permission, Process, Subscription
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.billing import banners, commands, fapiao, jobs, rehearsal
from tenants.billing.api import BillingApi
from tenants.billing.asking import MANAGE
from tenants.billing.events import EVENTS
from tenants.billing.pages import BillingPages
from tenants.billing.webhook import Webhook


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: somebody has to pay."""
    return Manifest(key="billing", title=N_("Plan and usage"), kind="locked", icon="credit-card")


@hookimpl
def crm_permissions() -> list[Permission]:
    """Owners and administrators."""
    bosses = {"owner": "all", "admin": "all", "manager": "none", "member": "none", "readonly": "none"}
    return [
        Permission(name="billing.view", title=N_("See plan and payments"), reach=bosses),  # type: ignore[arg-type]
        Permission(name=MANAGE, title=N_("Choose plans and pay"), reach=bosses),  # type: ignore[arg-type]
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Billing for programs."""
    return [BillingApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page of plan and usage."""
    return [BillingPages]


@hookimpl
def crm_public() -> list[type[Controller]]:
    """Where the payment service reports."""
    return [Webhook]


@hookimpl
def crm_nav() -> list[Nav]:
    """The card on the page of settings."""
    return [
        Nav(
            key="billing",
            title=N_("Plan and usage"),
            icon="credit-card",
            url="/settings/billing",
            order=60,
            permission="billing.view",
            group="settings",
            in_sandbox=False,
            hint=N_("What you have, what you use, what it costs."),
        )
    ]


@hookimpl
def crm_banners() -> list[Banner]:
    """Say when a payment is late."""
    return [Banner(key="late", render=banners.late, order=20)]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """What follows messages, members and time; mails about 发票."""
    return [*jobs.JOBS, *fapiao.JOBS]


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to subscriptions."""
    return list(EVENTS)


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Seats follow members."""
    return [
        Subscription(event="member.created", name="billing-seats", handler=jobs.follow_members),
        Subscription(event="member.updated", name="billing-seats-changed", handler=jobs.follow_members),
    ]


@hookimpl
def crm_processes() -> list[Process]:
    """Play the payment service where none is set."""
    return [Process(key="pay", command="billing-simulator", environment=rehearsal.environment)]


@hookimpl
def crm_commands() -> list[click.Command]:
    """``guanxi billing`` and the simulator."""
    return [commands.billing, commands.simulator]
