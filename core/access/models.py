"""Tables of who works here: member, unit, role, share."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row


class Unit(Row, Base):
    """A department; `path` lists its ancestors' ids and its own, each between slashes."""

    __tablename__ = "unit"
    __table_args__ = (Index("ix_unit_path", "path", postgresql_ops={"path": "text_pattern_ops"}),)

    name: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    path: Mapped[str]


class Role(Row, Base):
    """A role of the workspace's own, or what differs from the defaults of a built-in one."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("key"),)

    key: Mapped[str]
    name: Mapped[str]
    grants: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)


class Member(Row, Base):
    """A person of this workspace; `account_id` is the login, none before the invitation is accepted."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("account_id"),
        Index("uq_member_email", "email", unique=True),
        Index("ix_member_unit_id", "unit_id"),
    )

    account_id: Mapped[UUID | None]
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    title: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    role: Mapped[str] = mapped_column(Text, default="member")
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    locale: Mapped[str | None]
    timezone: Mapped[str | None]


class Share(Row, Base):
    """One record opened to one member beyond what his role reaches."""

    __tablename__ = "share"
    __table_args__ = (
        UniqueConstraint("member_id", "record_type", "record_id"),
        Index("ix_share_record", "record_type", "record_id"),
        CheckConstraint("level in ('view', 'edit')", name="level"),
    )

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    member_id: Mapped[UUID] = mapped_column(Ref("member"), ForeignKey("member.id"))
    level: Mapped[str]
