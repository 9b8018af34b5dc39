"""Tables of a cell that tell how its schemas' upgrades went."""

from datetime import datetime

from sqlalchemy import Integer

from core.kernel.db import CellBase, Mapped, mapped_column


class Migration(CellBase):
    """The last upgrade of one component in one tenant's schema: ``done``, or ``failed`` with the error."""

    __tablename__ = "migration"

    tenant_role: Mapped[str] = mapped_column(primary_key=True)
    component: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    revision: Mapped[str | None]
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer())
    finished_at: Mapped[datetime]
