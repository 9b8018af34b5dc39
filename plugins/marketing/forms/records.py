"""The record types of forms and of what was sent."""

from __future__ import annotations

import msgspec

from core.sdk import N_, Choice, Column, RecordType, Verbs
from plugins.marketing.forms import service, service_submissions
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.schema import (
    FormIn,
    FormOut,
    FormPatch,
    SubmissionIn,
    SubmissionOut,
    SubmissionPatch,
)

STATES = (
    Choice("draft", N_("Draft")),
    Choice("published", N_("Published"), "success"),
    Choice("closed", N_("Not open any more"), "warning"),
)
VERDICTS = (
    Choice("received", N_("Being looked at"), "info"),
    Choice("held", N_("Waiting for an answer"), "warning"),
    Choice("accepted", N_("Accepted"), "success"),
    Choice("duplicate", N_("Known already"), "info"),
    Choice("spam", N_("Spam"), "danger"),
    Choice("error", N_("Failed"), "danger"),
)
LANGUAGES = (Choice("en", N_("English")), Choice("zh_CN", N_("Chinese")))
PAGE = N_("The page")
RULES = N_("Rules")
ORIGIN = N_("Where it came from")
BECAME = N_("What it became")
RECORD = N_("Record")


def form_out(form: Form) -> FormOut:
    """Show a form as the API does."""
    return msgspec.convert(form, FormOut, from_attributes=True)


def submission_out(submission: Submission) -> SubmissionOut:
    """Show a submission as the API does."""
    return msgspec.convert(submission, SubmissionOut, from_attributes=True)


FORM: RecordType = RecordType(
    key="marketing_forms_form",
    path="forms",
    title=N_("Form"),
    title_plural=N_("Forms"),
    icon="clipboard-list",
    model=Form,
    create=FormIn,
    patch=FormPatch,
    out=FormOut,
    to_out=form_out,
    verbs=Verbs(create=service.create, update=service.update, delete=service.delete, restore=service.restore),
    permission="marketing.forms",
    label=Form.name,
    columns=(
        Column("name", N_("Name"), Form.name, link=True, editable=True),
        Column("state", N_("State"), Form.state, kind="choice", choices=STATES),
        Column("slug", N_("Page address"), Form.slug, group=PAGE),
        Column("language", N_("Language"), Form.language, kind="choice", choices=LANGUAGES, group=PAGE),
        Column("source", N_("Source of the lead"), Form.source, editable=True, group=RULES),
        Column("notify", N_("Tell the owner by mail"), Form.notify, kind="bool", group=RULES),
        Column("published_at", N_("Published on"), Form.published_at, kind="datetime", group=RECORD),
        Column("created_at", N_("Created"), Form.created_at, kind="datetime", group=RECORD),
        Column("updated_at", N_("Changed"), Form.updated_at, kind="datetime", group=RECORD),
    ),
    default_columns=("name", "state", "language", "published_at", "updated_at"),
    first_fields=("name", "slug", "language"),
    importable=False,
)

SUBMISSION: RecordType = RecordType(
    key="marketing_forms_submission",
    path="submissions",
    title=N_("Submission"),
    title_plural=N_("Submissions"),
    icon="inbox",
    model=Submission,
    create=SubmissionIn,
    patch=SubmissionPatch,
    out=SubmissionOut,
    to_out=submission_out,
    verbs=Verbs(
        create=service_submissions.enter,
        update=service_submissions.note,
        delete=service_submissions.delete,
        restore=service_submissions.restore,
    ),
    permission="marketing.submissions",
    label=Submission.title,
    owner=Submission.owner_id,
    columns=(
        Column("title", N_("Sent by"), Submission.title, link=True),
        Column("form_id", N_("Form"), Submission.form_id, kind="ref", ref="marketing_forms_form"),
        Column("state", N_("Verdict"), Submission.state, kind="choice", choices=VERDICTS),
        Column("created_at", N_("Received"), Submission.created_at, kind="datetime"),
        Column("email", N_("E-mail"), Submission.email, kind="email"),
        Column("phone", N_("Phone"), Submission.phone, kind="phone"),
        Column("page", N_("Page"), Submission.page, group=ORIGIN),
        Column("referrer", N_("Came from"), Submission.referrer, group=ORIGIN),
        Column("utm_source", N_("UTM source"), Submission.utm_source, group=ORIGIN),
        Column("utm_medium", N_("UTM medium"), Submission.utm_medium, group=ORIGIN),
        Column("utm_campaign", N_("UTM campaign"), Submission.utm_campaign, group=ORIGIN),
        Column("lead_id", N_("Lead"), Submission.lead_id, kind="ref", ref="lead", group=BECAME),
        Column(
            "customer_id", N_("Customer"), Submission.customer_id, kind="ref", ref="customer", group=BECAME
        ),
        Column("contact_id", N_("Contact"), Submission.contact_id, kind="ref", ref="contact", group=BECAME),
        Column("owner_id", N_("Owner"), Submission.owner_id, kind="member", group=BECAME),
        Column("note", N_("Note"), Submission.note, kind="longtext", editable=True, group=RECORD),
        Column("judged_at", N_("Verdict on"), Submission.judged_at, kind="datetime", group=RECORD),
    ),
    default_columns=("title", "form_id", "state", "email", "phone", "lead_id", "created_at"),
    first_fields=("form_id", "note"),
    importable=False,
)
