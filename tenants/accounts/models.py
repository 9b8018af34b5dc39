"""Tables of the control plane: a person's login, the workspaces it opens, where it is signed in, links in mails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row

VOUCHED: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The ``verify_by`` of a claim that has no deadline."""


class Account(Row, ControlBase):
    """A person who can log in; one account opens any number of workspaces.

    Whoever signs up begins with a *claim*: until ``verify_by`` it is to be shown that the address is his. An address
    has one account and any number of claims, which nobody can tell from each other from outside.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("uq_account_email", "email", unique=True, postgresql_where=text("verify_by IS NULL")),
        Index("ix_account_claim", "email", postgresql_where=text("verify_by IS NOT NULL")),
    )

    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str | None]
    locale: Mapped[str] = mapped_column(default="en")
    verified_at: Mapped[datetime | None]
    """When it was shown that the address is the person's."""
    verify_by: Mapped[datetime | None]
    """Until when a claim is to be confirmed; ``VOUCHED`` for who came by a link that an administrator handed over."""


class Membership(Row, ControlBase):
    """That an account is a member of a workspace, and as which row of the workspace's own ``member`` table."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "tenant_id"), Index("ix_membership_tenant", "tenant_id"))

    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    tenant_id: Mapped[UUID]
    member_id: Mapped[UUID]


class Session(Row, ControlBase):
    """A signed-in browser; only the SHA-256 of its token is kept.

    Where rights changed, ``is_stale`` has the next page change the token; the former one works a moment longer, for
    what the browser asked for at the same time.
    """

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_account", "account_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    former_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    changed_at: Mapped[datetime | None]
    is_stale: Mapped[bool] = mapped_column(default=False)
    second_factor_at: Mapped[datetime | None]
    """When a code was given; without one it opens nothing where the account has two-step sign-in."""
    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


class Proof(Row, ControlBase):
    """A link in a mail that works once; only the SHA-256 of its token is kept.

    ``kind`` is verify, reset, email (the new address agrees) or stop (the old one agrees, or does not); ``email`` is
    the address that it was sent to, ``subject`` the other address of a change, whose beginning is ``created_at``.
    """

    __tablename__ = "proof"
    __table_args__ = (
        Index("ix_proof_account", "account_id"),
        CheckConstraint("kind in ('verify', 'reset', 'email', 'stop')", name="kind"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    email: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EmailChange(Row, ControlBase):
    """A change of address that is waited for, since ``created_at``; an account has one at most."""

    __tablename__ = "email_change"

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("control.account.id", ondelete="CASCADE"), unique=True
    )
    email: Mapped[str]
    new_agreed_at: Mapped[datetime | None]
    old_agreed_at: Mapped[datetime | None]
