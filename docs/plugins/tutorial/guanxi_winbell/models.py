"""The table of rings; its name begins with the plugin's key."""

from uuid import UUID

from core.sdk import Base, ForeignKey, Mapped, Ref, Row, mapped_column


class Ring(Row, Base):
    """A deal that was won."""

    __tablename__ = "winbell_ring"

    deal_id: Mapped[UUID] = mapped_column(Ref("deal"), ForeignKey("deal.id", ondelete="CASCADE"), index=True)
    deal: Mapped[str]
