"""What forms show on other modules' pages: cards on records, a card on Today, lines on timelines, a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, cast, exists

from core.sdk import N_, Ctx, Filter, Nav, Panel, TimelineKind, Widget, hookimpl
from plugins.marketing.forms import events, queries
from plugins.marketing.forms.models import Submission
from plugins.marketing.forms.records import VERDICTS

KINDS = ("lead", "customer", "contact")
LOOKS = (
    (events.FormCreated, "clipboard-list", "neutral"),
    (events.FormUpdated, "pencil", "neutral"),
    (events.FormPublished, "globe", "success"),
    (events.FormClosed, "lock", "warning"),
    (events.FormDeleted, "trash-2", "neutral"),
    (events.SubmissionReceived, "inbox", "neutral"),
    (events.SubmissionAccepted, "clipboard-check", "success"),
    (events.SubmissionMatched, "clipboard-check", "info"),
    (events.SubmissionRejected, "ban", "danger"),
    (events.SubmissionChanged, "pencil", "neutral"),
)


def _summary(stored: Any, t: Any) -> str:
    """What happened, with the form's name where it happened to a submission."""
    form = getattr(stored, "form", "")
    told = str(t(type(stored).summary))
    return f"{told}: {form}" if form else told


TIMELINE = [
    TimelineKind(event=event.name, icon=icon, summary=_summary, tone=tone, tells_all=True)  # type: ignore[arg-type]
    for event, icon, tone in LOOKS
]


async def submissions(ctx: Ctx, record: Any) -> tuple[str, dict[str, Any]]:
    """The submissions that led to a record."""
    found = await queries.of_record(ctx, type(record).__tablename__, record.id)
    choices = [(choice.value, choice.label, choice.tone) for choice in VERDICTS]
    return "marketing_forms/panel.html", {"found": found, "verdicts": choices}


PANELS = [
    Panel(
        slot=f"{kind}.side",
        key="marketing-forms",
        title=N_("Form submissions"),
        render=submissions,
        order=650,
        permission="marketing.submissions.view",
    )
    for kind in KINDS
]


async def this_week(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """The forms that were sent this week, and what waits for somebody."""
    rows, waiting = await queries.this_week(ctx)
    return "marketing_forms/widget.html", {"rows": rows, "waiting": waiting}


WIDGETS = [
    Widget(
        key="marketing-forms",
        title=N_("Web forms this week"),
        render=this_week,
        order=300,
        permission="marketing.submissions.view",
    )
]


def _submitted(kind: str) -> Any:
    def condition(ctx: Ctx, id_column: Any, op: str, values: Sequence[Any]) -> Any:
        del ctx, op
        return exists().where(
            queries.about(kind, id_column),
            cast(Submission.form_id, Text).in_([str(value) for value in values]),
            Submission.state.in_(("accepted", "duplicate")),
            Submission.deleted_at.is_(None),
        )

    return condition


FILTERS = [
    Filter(
        record_type=kind,
        key="submitted_form",
        title=N_("Submitted form"),
        condition=_submitted(kind),
        choices=queries.form_choices,
        permission="marketing.forms.view",
    )
    for kind in KINDS
]


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return TIMELINE


@hookimpl
def crm_panels() -> list[Panel]:
    """Submissions on the page of a lead, a customer and a contact."""
    return PANELS


@hookimpl
def crm_widgets() -> list[Widget]:
    """The forms of this week on Today."""
    return WIDGETS


@hookimpl
def crm_filters() -> list[Filter]:
    """Who submitted which form."""
    return FILTERS


@hookimpl
def crm_nav() -> list[Nav]:
    """Forms among the apps."""
    return [
        Nav(
            key="marketing-forms",
            title=N_("Web forms"),
            icon="clipboard-list",
            url="/marketing/forms/forms",
            also=("/marketing/forms/submissions",),
            order=200,
            permission="marketing.forms.view",
            group="apps",
        )
    ]
