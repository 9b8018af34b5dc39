"""Tables of two-step sign-in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row


class SecondFactor(Row, ControlBase):
    """The authenticator of an account; it counts once ``confirmed_at`` says that a code of it was right.

    ``last_step`` is the latest interval whose code was used: none works twice.
    """

    __tablename__ = "second_factor"

    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("control.account.id", ondelete="CASCADE"), unique=True
    )
    secret_sealed: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Row, ControlBase):
    """A code for when the authenticator is lost; only a keyed digest is kept, and it works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("control.account.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class SignInPolicy(ControlBase):
    """That a workspace opens only to accounts with two-step sign-in; without a row it does not ask."""

    __tablename__ = "sign_in_policy"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    demanded_at: Mapped[datetime]
