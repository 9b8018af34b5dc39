"""The table of what can be found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR

from core.kernel.db import Base, Mapped, Ref, mapped_column


class SearchDocument(Base):
    """How one record is found; written by the application alone.

    ``terms`` holds what `core.search.terms` makes of the record, its type and its owner among them; ``folded``
    the folded names, one a line, for looking again where pairs of characters are not proof enough.
    """

    __tablename__ = "search_document"
    __table_args__ = (
        PrimaryKeyConstraint("record_type", "record_id"),
        Index("ix_search_document_terms", "terms", postgresql_using="gin"),
    )

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), info={"stays": True})
    title: Mapped[str]
    subtitle: Mapped[str]
    folded: Mapped[str]
    terms: Mapped[Any] = mapped_column(TSVECTOR())
    touched_at: Mapped[datetime]
