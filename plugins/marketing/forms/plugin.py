"""Web forms: what the module gives to the product."""

from __future__ import annotations

import msgspec

from core.sdk import (
    N_,
    Controller,
    Event,
    Manifest,
    Price,
    RecordType,
    Subscription,
    hookimpl,
)
from plugins.marketing.forms import shown
from plugins.marketing.forms.actions import crm_actions
from plugins.marketing.forms.api import FormApi, SubmissionApi
from plugins.marketing.forms.jobs import crm_jobs
from plugins.marketing.forms.lifecycle import crm_install, crm_uninstall, crm_upgrade
from plugins.marketing.forms.pages import FormPages
from plugins.marketing.forms.pages_public import PublicForms
from plugins.marketing.forms.pages_submissions import SubmissionPages
from plugins.marketing.forms.permissions import crm_permissions
from plugins.marketing.forms.personal import crm_personal_data
from plugins.marketing.forms.records import FORM, SUBMISSION
from plugins.marketing.forms.service_demo import crm_demo
from plugins.marketing.forms.service_verdict import judge
from plugins.marketing.forms.settings import FormsSettings
from plugins.marketing.forms.shown import crm_filters, crm_nav, crm_panels, crm_timeline, crm_widgets

__all__ = [
    "crm_actions",
    "crm_demo",
    "crm_filters",
    "crm_install",
    "crm_jobs",
    "crm_nav",
    "crm_panels",
    "crm_permissions",
    "crm_personal_data",
    "crm_timeline",
    "crm_uninstall",
    "crm_upgrade",
    "crm_widgets",
]


@hookimpl
def crm_manifest() -> Manifest:
    """Taken from the marketplace, tried for two weeks."""
    return Manifest(
        key="marketing.forms",
        title=N_("Web forms"),
        summary=N_("Forms for your web site whose answers become leads, with an owner who is told at once."),
        category=N_("Marketing"),
        version="1.0.0",
        icon="clipboard-list",
        price=Price(amount_minor=1900),
        trial_days=14,
        docs="web-forms.md",
        screenshots=("builder.webp",),
        scopes=("leads:write", "files:write"),
        requires=("leads", "contacts", "customers", "files", "notifications"),
        requires_core=">=0.1,<2",
    )


@hookimpl
def crm_records() -> list[RecordType]:
    """The form, and what is sent by it."""
    return [FORM, SUBMISSION]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Publish, close, count, accept, refuse."""
    return [FormApi, SubmissionApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The builder, and the page of a submission."""
    return [FormPages, SubmissionPages]


@hookimpl
def crm_public() -> list[type[Controller]]:
    """The forms themselves."""
    return [PublicForms]


@hookimpl
def crm_settings() -> type[msgspec.Struct]:
    """What holds of all forms of a workspace."""
    return FormsSettings


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to forms and submissions."""
    return [event for event, _, _ in shown.LOOKS]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """The verdict on what was sent."""
    event = "marketing.forms.submission.received"
    return [Subscription(event=event, name="judge", handler=judge, batch=True)]
