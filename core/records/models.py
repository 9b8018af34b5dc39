"""Table of saved views."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row
from core.kernel.i18n import N_


class SavedView(Row, Base):
    """A named list: its filters, sort and columns as the query part of the list's address."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_record_type", "record_type", "position"),
        {"info": {"title": N_("Saved views")}},
    )

    record_type: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    shared: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)


class NumberSeries(Base):
    """The next free number of one kind of record."""

    __tablename__ = "number_series"

    key: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(default="")
    width: Mapped[int] = mapped_column(default=6)
    following: Mapped[int] = mapped_column(default=1)
