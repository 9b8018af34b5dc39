"""Tables of the control plane: a person's login, the workspaces it opens, and where it is signed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row


class Account(Row, ControlBase):
    """A person who can log in; one account opens any number of workspaces."""

    __tablename__ = "account"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    is_provisional: Mapped[bool] = mapped_column(default=False)
    """The password was made by somebody else: it opens nothing but the page where it is replaced."""
    locale: Mapped[str] = mapped_column(default="en")


class Membership(Row, ControlBase):
    """That an account is a member of a workspace, and as which row of the workspace's own ``member`` table."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "tenant_id"), Index("ix_membership_tenant", "tenant_id"))

    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    tenant_id: Mapped[UUID]
    member_id: Mapped[UUID]


class Session(Row, ControlBase):
    """A signed-in browser; only the SHA-256 of its token is kept."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_account", "account_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
