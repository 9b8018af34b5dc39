"""The answers that were given to writes with a key.

Owns: the table `idempotency` of every tenant and of the control plane: answers of the last day by the digest of
principal, route and key.
Never: read for anything but to repeat an answer.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, ControlBase


class Idempotency(Base):
    """The answer to a write that carried a key."""

    __tablename__ = "idempotency"
    __table_args__ = (
        Index("ix_idempotency_created_at", "created_at"),
        {"info": {"grants": "SELECT, INSERT, UPDATE", "worker_grants": "SELECT, DELETE"}},
    )

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    principal: Mapped[str]
    route: Mapped[str]
    payload_digest: Mapped[bytes]
    status: Mapped[int] = mapped_column(Integer())
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[datetime]


class ControlIdempotency(ControlBase):
    """The answer to a write with a key that touches the control plane alone."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_control_idempotency_created_at", "created_at"),)

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    principal: Mapped[str]
    route: Mapped[str]
    payload_digest: Mapped[bytes]
    status: Mapped[int] = mapped_column(Integer())
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[datetime]
