"""What happens to forms and their submissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from core.sdk import N_, Event


class OfForm(Event, frozen=True, kw_only=True):
    """Something that happened to a form."""

    subject: ClassVar[str] = "marketing_forms_form"


class FormCreated(OfForm, frozen=True, kw_only=True):
    """A form was drawn up."""

    name: ClassVar[str] = "marketing.forms.form.created"
    summary: ClassVar[str] = N_("A form was created")


class FormUpdated(OfForm, frozen=True, kw_only=True):
    """A form's draft or its rules changed."""

    name: ClassVar[str] = "marketing.forms.form.updated"
    summary: ClassVar[str] = N_("A form was changed")


class FormPublished(OfForm, frozen=True, kw_only=True):
    """Visitors see a form as it is now."""

    name: ClassVar[str] = "marketing.forms.form.published"
    summary: ClassVar[str] = N_("A form was published")

    slug: str = ""


class FormClosed(OfForm, frozen=True, kw_only=True):
    """A form takes no more submissions."""

    name: ClassVar[str] = "marketing.forms.form.closed"
    summary: ClassVar[str] = N_("A form was closed")


class FormDeleted(OfForm, frozen=True, kw_only=True):
    """A form was moved to the bin, or out of it."""

    name: ClassVar[str] = "marketing.forms.form.deleted"
    summary: ClassVar[str] = N_("A form was deleted or restored")

    is_back: bool = False


class OfSubmission(Event, frozen=True, kw_only=True):
    """Something that happened to a submission; ``values`` are its answers, where it is no spam."""

    subject: ClassVar[str] = "marketing_forms_submission"

    form_id: UUID
    form: str = ""
    values: Mapping[str, Any] = {}
    reason: str = ""


class SubmissionReceived(OfSubmission, frozen=True, kw_only=True):
    """A form was sent; nothing is known of it yet."""

    name: ClassVar[str] = "marketing.forms.submission.received"
    summary: ClassVar[str] = N_("A form was sent")


class SubmissionAccepted(OfSubmission, frozen=True, kw_only=True):
    """A submission became a lead."""

    name: ClassVar[str] = "marketing.forms.submission.accepted"
    summary: ClassVar[str] = N_("A form became a lead")


class SubmissionMatched(OfSubmission, frozen=True, kw_only=True):
    """A submission came from somebody who is known; nothing of the record was changed."""

    name: ClassVar[str] = "marketing.forms.submission.matched"
    summary: ClassVar[str] = N_("Somebody known sent a form")


class SubmissionRejected(OfSubmission, frozen=True, kw_only=True):
    """A submission was found to be spam."""

    name: ClassVar[str] = "marketing.forms.submission.rejected"
    summary: ClassVar[str] = N_("A submission was found to be spam")


class SubmissionChanged(OfSubmission, frozen=True, kw_only=True):
    """A note was written on a submission, or it was deleted or restored."""

    name: ClassVar[str] = "marketing.forms.submission.updated"
    summary: ClassVar[str] = N_("A submission was changed")
