"""What the control plane keeps of a signup: so that a form sent twice makes one workspace, and what was answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary

from core.kernel.db import ControlBase, Mapped, mapped_column


class Signup(ControlBase):
    """A workspace that somebody made for himself; ``key_hash`` names the form that it came from.

    ``trade``, ``size`` and ``first`` are the answers to the three questions, None as long as nobody answered.
    """

    __tablename__ = "signup"
    __table_args__ = (Index("uq_signup_tenant", "tenant_id", unique=True),)

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    member_id: Mapped[UUID]
    created_at: Mapped[datetime]
    trade: Mapped[str | None]
    size: Mapped[str | None]
    first: Mapped[str | None]
