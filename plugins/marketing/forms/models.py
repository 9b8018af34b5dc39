"""The tables of web forms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Base, Entity, Ref, Row

STATES = ("draft", "published", "closed")
VERDICTS = ("received", "held", "accepted", "duplicate", "spam", "error")
LANGUAGES = ("en", "zh_CN")
ACCENTS = ("blue", "teal", "green", "amber", "red", "pink", "purple", "grey")
EFFORTS = ("low", "normal", "high")


class Form(Entity, Base):
    """A form as it is being edited; ``published`` is what visitors see, kept when it was published."""

    __tablename__ = "marketing_forms_form"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint(f"language in {LANGUAGES}", name="language"),
        CheckConstraint(f"accent in {ACCENTS}", name="accent"),
        CheckConstraint(f"effort in {EFFORTS}", name="effort"),
        Index("uq_marketing_forms_form_slug", "slug", unique=True, postgresql_where="deleted_at IS NULL"),
        Index("ix_marketing_forms_form_created", "created_at", "id"),
    )

    name: Mapped[str]
    slug: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    title: Mapped[str | None]
    intro: Mapped[str | None]
    button: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en")
    accent: Mapped[str] = mapped_column(default="blue")
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    consent_text: Mapped[str | None]
    consent_required: Mapped[bool] = mapped_column(default=True)
    thanks: Mapped[str | None]
    redirect_url: Mapped[str | None]
    source: Mapped[str | None]
    assignment: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    notify: Mapped[bool] = mapped_column(default=True)
    notify_email: Mapped[str | None]
    per_hour: Mapped[int] = mapped_column(default=30)
    min_seconds: Mapped[int] = mapped_column(default=2)
    effort: Mapped[str] = mapped_column(default="normal")
    embed_hosts: Mapped[list[str]] = mapped_column(JSONB, default=list)
    published: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    published_at: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(default=0)


class ConsentText(Row, Base):
    """A consent text as visitors saw it; never changed, and kept longer than its form shows it."""

    __tablename__ = "marketing_forms_consent"
    __table_args__ = (
        UniqueConstraint("form_id", "number"),
        {"info": {"grants": "SELECT, INSERT"}},
    )

    form_id: Mapped[UUID] = mapped_column(
        Ref("marketing_forms_form"), ForeignKey("marketing_forms_form.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    text: Mapped[str]
    created_by_id: Mapped[UUID | None] = mapped_column(Ref("member"))


class Submission(Entity, Base):
    """What a visitor sent, and what became of it; ``nonce`` is the page's, so a page is sent once.

    ``owner_id`` is whom it concerns: the owner of the lead that came of it, or of the record that was there.
    ``title`` is never empty: where the answers name nobody, it is the form's name.
    """

    __tablename__ = "marketing_forms_submission"
    __table_args__ = (
        CheckConstraint(f"state in {VERDICTS}", name="state"),
        UniqueConstraint("form_id", "nonce"),
        Index("ix_marketing_forms_submission_form", "form_id", "created_at", "id"),
        Index("ix_marketing_forms_submission_created", "created_at", "id"),
        Index("ix_marketing_forms_submission_state", "state", "created_at"),
        Index("ix_marketing_forms_submission_digest", "form_id", "digest", "created_at"),
        Index("ix_marketing_forms_submission_owner", "owner_id", "created_at", "id"),
        Index("ix_marketing_forms_submission_lead", "lead_id"),
        Index("ix_marketing_forms_submission_customer", "customer_id"),
        Index("ix_marketing_forms_submission_contact", "contact_id"),
        Index("ix_marketing_forms_submission_email", "email"),
        Index("ix_marketing_forms_submission_phone", "phone"),
    )

    form_id: Mapped[UUID] = mapped_column(
        Ref("marketing_forms_form"), ForeignKey("marketing_forms_form.id", ondelete="CASCADE")
    )
    nonce: Mapped[str]
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default="received")
    reason: Mapped[str | None]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    digest: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    note: Mapped[str | None]
    consent_given: Mapped[bool] = mapped_column(default=False)
    consent_version: Mapped[int | None]
    consent_text: Mapped[str | None]
    page: Mapped[str | None]
    referrer: Mapped[str | None]
    utm_source: Mapped[str | None]
    utm_medium: Mapped[str | None]
    utm_campaign: Mapped[str | None]
    utm_term: Mapped[str | None]
    utm_content: Mapped[str | None]
    seconds: Mapped[int | None]
    is_trapped: Mapped[bool] = mapped_column(default=False)
    is_proven: Mapped[bool] = mapped_column(default=False)
    is_restricted: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    address_mark: Mapped[str | None]
    judged_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    lead_id: Mapped[UUID | None] = mapped_column(Ref("lead"), ForeignKey("lead.id", ondelete="SET NULL"))
    customer_id: Mapped[UUID | None] = mapped_column(
        Ref("customer"), ForeignKey("customer.id", ondelete="SET NULL")
    )
    contact_id: Mapped[UUID | None] = mapped_column(
        Ref("contact"), ForeignKey("contact.id", ondelete="SET NULL")
    )


class SubmissionFile(Row, Base):
    """A file that came with a submission; the bytes lie in the tenant's file store."""

    __tablename__ = "marketing_forms_file"
    __table_args__ = (Index("ix_marketing_forms_file_submission", "submission_id"),)

    submission_id: Mapped[UUID] = mapped_column(
        ForeignKey("marketing_forms_submission.id", ondelete="CASCADE")
    )
    field: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    key: Mapped[str]


class FormDay(Base):
    """How often a form was shown and sent on a day, and with which verdicts.

    A busy form is counted in several rows, of which each counts a part, so that nobody waits for another.
    """

    __tablename__ = "marketing_forms_day"

    form_id: Mapped[UUID] = mapped_column(
        ForeignKey("marketing_forms_form.id", ondelete="CASCADE"), primary_key=True
    )
    on: Mapped[date] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    spam: Mapped[int] = mapped_column(default=0)
    error: Mapped[int] = mapped_column(default=0)
