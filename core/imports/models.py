"""Tables of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row

STATES = (
    "mapping",
    "checking",
    "checked",
    "running",
    "done",
    "cancelled",
    "reverting",
    "reverted",
)
RULES = ("skip", "update", "create")
OUTCOMES = ("reverted", "changed", "gone", "forbidden")


class ImportRun(Row, Base):
    """One file on its way into the workspace.

    ``file_sha256`` is the file as it came, ``rows_sha256`` its rows as the reader found them, a line of JSON
    each. ``columns`` are the titles; ``mapping`` names for each the field that it fills, '' for none.
    ``stamp`` is the instant that all created records carry, so that a list can show exactly them.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint(f"rule in {RULES}", name="rule"),
        Index("ix_import_run_created", "created_at", "id"),
    )

    record_type: Mapped[str]
    state: Mapped[str] = mapped_column(default="mapping")
    owner_id: Mapped[UUID | None] = mapped_column(
        Ref("member"), ForeignKey("member.id"), info={"stays": True}
    )
    file_name: Mapped[str]
    file_sha256: Mapped[str | None]
    rows_sha256: Mapped[str | None]
    size_bytes: Mapped[int]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    columns: Mapped[list[str]] = mapped_column(JSONB, default=list)
    mapping: Mapped[list[str]] = mapped_column(JSONB, default=list)
    has_header: Mapped[bool] = mapped_column(default=True)
    rule: Mapped[str] = mapped_column(default="skip")
    match: Mapped[list[str]] = mapped_column(JSONB, default=list)
    create_missing: Mapped[bool] = mapped_column(default=False)
    total: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reverted: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[UUID | None]
    stamp: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportRow(Base):
    """A record that an import created or changed: what a revert needs to know of it.

    ``before`` holds the changed fields as they were, None for a created record; ``version`` is the record's
    after the import, so that a later change is noticed. ``outcome`` says what the revert made of it. ``run_id`` is no
    foreign key: runs stay, and to look one up for each row took longer than all else of the row.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        PrimaryKeyConstraint("run_id", "record_id"),
        CheckConstraint(f"outcome in {OUTCOMES}", name="outcome"),
        Index("ix_import_row_place", "run_id", "row_no"),
    )

    run_id: Mapped[UUID]
    record_id: Mapped[UUID]
    record_type: Mapped[str]
    row_no: Mapped[int]
    before: Mapped[dict[str, Any] | None]
    version: Mapped[int]
    outcome: Mapped[str | None]


class ImportRowError(Base):
    """A row that was refused: its cells as they stood in the file, and why."""

    __tablename__ = "import_row_error"
    __table_args__ = (PrimaryKeyConstraint("run_id", "row_no"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    row_no: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(JSONB)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class ImportMapping(Row, Base):
    """What a member chose for files with these column titles, to be offered again."""

    __tablename__ = "import_mapping"
    __table_args__ = (Index("uq_import_mapping", "record_type", "titles_digest", unique=True),)

    record_type: Mapped[str]
    titles_digest: Mapped[str]
    mapping: Mapped[list[str]] = mapped_column(JSONB)
    rule: Mapped[str]
    match: Mapped[list[str]] = mapped_column(JSONB)
