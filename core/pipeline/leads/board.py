"""The board of leads as its page wants it: a column for each status that is worked on, and two ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from core.ext.specs import RecordType
from core.kernel.i18n import N_
from core.pipeline.boards import TONES, BoardPage, Cards
from core.pipeline.leads import queries
from core.pipeline.leads.queries import OPEN, Column
from core.pipeline.leads.records import LEAD, STATUSES
from core.records.list_page import OFFERED
from core.records.shown import place
from core.tenancy.ctx import Ctx

TITLES: Final = {choice.value: choice.label for choice in STATUSES}


@dataclass(slots=True)
class LeadBoard(BoardPage):
    """The leads that are worked on, as a person looks at them."""

    record_type: ClassVar[RecordType] = LEAD
    names: ClassVar[tuple[str, ...]] = ("owner_id",)
    task_of: ClassVar[str] = "lead_id"
    board: Sequence[Column] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to work on, however it is asked for."""
        return not self.is_asked and not any(column.count for column in self.board)

    @property
    def filter_fields(self) -> list[dict[str, Any]]:
        """What may be filtered: as in the list, but for what the columns stand for."""
        # A class with slots is remade: super() without arguments would name the one before.
        every = super(LeadBoard, self).filter_fields
        return [view for view in every if view["name"] != "status"]

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The columns as the macro takes them."""
        cards = self.cards
        return [
            {
                **head(column.status, column.count),
                "cards": [drawn(cards, lead) for lead in column.leads],
                "more_url": self.more_url(f"statuses/{column.status}", column.next),
                "add_url": self.add_url(column.status),
            }
            for column in self.board
        ]

    @property
    def zones(self) -> list[dict[str, str]]:
        """Where a card leaves the board."""
        if not self.ctx.can("leads.edit"):
            return []
        t, lost = self.ctx.t, TITLES["unqualified"]
        return [
            {"key": "converted", "title": t(N_("Convert")), "icon": "user-check", "tone": "good"},
            {"key": "unqualified", "title": t(lost), "icon": "thumbs-down", "tone": "bad"},
        ]

    def add_url(self, status: str) -> str:
        """Where a new lead of a column is made, by those who may."""
        return place(self.ctx, LEAD, f"/new?status={status}") if self.ctx.can("leads.create") else ""


def head(status: str, count: int) -> dict[str, Any]:
    """The head of a column."""
    return {"key": status, "title": TITLES[status], "tone": TONES[OPEN.index(status)], "count": count}


def drawn(cards: Cards, lead: Any) -> dict[str, Any]:
    """A lead as a card; it stands where the order of the column has it."""
    return {
        **cards.draw(lead, cards.days(lead.created_at)),
        "subtitle": lead.company or "",
        "source": lead.source or "",
        "age_title": N_("Time since it came in"),
        "order": f"{lead.created_at.isoformat(timespec='microseconds')} {lead.id}",
    }


async def load(ctx: Ctx, pairs: Sequence[tuple[str, str]]) -> LeadBoard:
    """Read the board in four statements: counts, cards, names with members, next steps."""
    page = LeadBoard.asked(ctx, pairs)
    page.board = await queries.board(ctx, page.query)
    await page.fill([lead for column in page.board for lead in column.leads], offered=OFFERED)
    return page
