"""Tables of requests about people's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row

KINDS = ("export", "restrict", "erase")
STATES = ("running", "done", "lifted")


class DataRequest(Row, Base):
    """What is done with the data of one person, at whose wish it is for the workspace to know.

    ``person`` is how the person is found while the job runs, nothing afterwards; ``counts`` how many rows each module
    had. An erased person's requests keep neither ``label`` nor file.
    """

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"state in {STATES}", name="state"),
        Index("ix_data_request_record", "record_type", "record_id"),
        Index("ix_data_request_expires", "expires_at"),
    )

    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="running")
    record_type: Mapped[str]
    record_id: Mapped[UUID]
    label: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(
        Ref("member"), ForeignKey("member.id"), info={"stays": True}
    )
    job_id: Mapped[UUID | None]
    person: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    file_name: Mapped[str] = mapped_column(default="")
    file_sha256: Mapped[str | None]
    size_bytes: Mapped[int | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class Suppression(Base):
    """An address or number of somebody who was erased, as a digest under the workspace's key; it outlives the rest."""

    __tablename__ = "data_suppression"
    __table_args__ = ({"info": {"grants": "SELECT, INSERT"}},)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    request_id: Mapped[UUID]
    created_at: Mapped[datetime]
