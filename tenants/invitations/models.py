"""Tables of invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row


class Invitation(Row, ControlBase):
    """A way into a workspace: by mail to ``email``, or by a link that anybody may use where it is None.

    Who comes by a link and is new proves an address first: that is an invitation by mail below it, its ``parent_id``.
    A domain is a third way: for everybody whose address is there. The token is kept sealed, so that a link can be
    shown again, and as a digest, to find it by.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("uses <= max_uses", name="uses"),
        Index("ix_invitation_tenant", "tenant_id", "id"),
        Index(
            "uq_invitation_open",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text(
                "parent_id IS NULL AND email IS NOT NULL AND revoked_at IS NULL AND uses = 0"
            ),
        ),
        Index("ix_invitation_domain", "domain", postgresql_where=text("domain IS NOT NULL")),
        Index(
            "uq_invitation_below",
            "parent_id",
            "email",
            unique=True,
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
    )

    tenant_id: Mapped[UUID]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("control.invitation.id", ondelete="CASCADE"))
    email: Mapped[str | None]
    domain: Mapped[str | None]
    """Whoever has a confirmed address there may join once ``proved_at`` says that the domain is the company's."""
    proved_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    """When a look-up by the calendar first found a proved domain's record gone; it closes some days later."""
    role: Mapped[str]
    unit_id: Mapped[UUID | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    token_sealed: Mapped[str]
    hand_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of a second token, which an administrator hands over himself: unlike that of the mail it proves no address."""
    max_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    invited_by_id: Mapped[UUID | None]
    invited_by: Mapped[str]
    locale: Mapped[str]


class InvitationUse(Row, ControlBase):
    """That an account accepted; ``done_at`` is set once it is a member."""

    __tablename__ = "invitation_use"
    __table_args__ = (
        UniqueConstraint("invitation_id", "account_id"),
        Index("ix_invitation_use_account", "account_id"),
    )

    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("control.invitation.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    done_at: Mapped[datetime | None]
