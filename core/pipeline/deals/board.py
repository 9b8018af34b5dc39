"""The board of a pipeline as its page wants it: columns, cards, filters, the switch between pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from core.ext.specs import RecordType
from core.kernel import money
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.pipeline.boards import TONES, BoardPage, Cards
from core.pipeline.deals import queries
from core.pipeline.deals.queries import Board, Column, Total
from core.pipeline.deals.records import DEAL
from core.pipeline.models import Stage
from core.records.list_page import OFFERED
from core.records.shown import place
from core.tenancy.ctx import Ctx

FILTERS: Final = ("owner_id", "expected_close_on", "amount_minor", "tags", "source", "next_follow_up_on")
PIPELINE: Final = "pipeline"


@dataclass(slots=True)
class DealBoard(BoardPage):
    """A pipeline as a person looks at it."""

    record_type: ClassVar[RecordType] = DEAL
    names: ClassVar[tuple[str, ...]] = ("customer_id", "owner_id")
    task_of: ClassVar[str] = "deal_id"
    board: Board | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no pipeline."""
        return self.board is None

    @property
    def filter_fields(self) -> list[dict[str, Any]]:
        """What may be filtered on a board."""
        found = [column for key in FILTERS if (column := DEAL.column(key)) is not None]
        return [self._filter_field(column) for column in found]

    @property
    def pipelines(self) -> list[tuple[str, str, str]]:
        """The pipelines to choose from: key, name, address."""
        if self.board is None:
            return []
        return [(str(one.id), one.name, self.link(pipeline=str(one.id))) for one, _ in self.board.ways]

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The columns as the macro takes them."""
        if self.board is None:
            return []
        cards = self.cards
        return [self.column_view(column, at, cards) for at, column in enumerate(self.board.columns)]

    @property
    def zones(self) -> list[dict[str, str]]:
        """Where a card leaves the board."""
        if not self.ctx.can("deals.edit"):
            return []
        return [
            {"key": "won", "title": self.ctx.t(N_("Won")), "icon": "trophy", "tone": "good"},
            {"key": "lost", "title": self.ctx.t(N_("Lost")), "icon": "thumbs-down", "tone": "bad"},
        ]

    def column_view(self, column: Column, at: int, cards: Cards) -> dict[str, Any]:
        """One column with its head and cards."""
        stage = column.stage
        may_add = self.ctx.can("deals.create")
        return {
            **head(self.ctx, stage, column.total, at),
            "cards": [drawn(cards, deal, stage) for deal in column.deals],
            "more_url": self.more_url(f"stages/{stage.id}", column.next),
            "add_url": place(self.ctx, DEAL, f"/new?stage_id={stage.id}") if may_add else "",
        }


def head(ctx: Ctx, stage: Stage, total: Total, at: int) -> dict[str, Any]:
    """The head of a column: how many deals, what they are worth, and weighted by their chances."""
    own = ctx.tenant.currency
    weighted = money.compact(total.weighted_minor, own, ctx.locale)
    hint = ctx.t(N_("weighted {sum}"), sum=weighted) if stage.probability else ""
    return {
        "key": str(stage.id),
        "title": stage.name,
        "tone": TONES[at % len(TONES)],
        "count": total.count,
        "total": total.base_sum_minor,
        "currency": own,
        "hint": hint,
    }


def drawn(cards: Cards, deal: Any, stage: Stage) -> dict[str, Any]:
    """A deal as a card: for whom, how much, and whether it stands still."""
    days = cards.days(deal.stage_entered_at)
    return {
        **cards.draw(deal, days),
        "subtitle": cards.names.get(("customer", deal.customer_id), "") if deal.customer_id else "",
        "amount_minor": deal.amount_minor,
        "currency": deal.currency,
        "due": deal.expected_close_on,
        "late": deal.expected_close_on is not None and deal.expected_close_on < cards.today,
        "stalled": stage.rotting_days is not None and days >= stage.rotting_days,
    }


def asked(ctx: Ctx, pairs: Sequence[tuple[str, str]]) -> DealBoard:
    """Read the question of a board; raises NotFound for what cannot be a pipeline."""
    page = DealBoard.asked(ctx, [pair for pair in pairs if pair[0] != PIPELINE])
    wanted = _pipeline_of(pairs)
    if wanted is not None:
        page.looks[PIPELINE] = str(wanted)
    return page


async def load(ctx: Ctx, pairs: Sequence[tuple[str, str]]) -> DealBoard:
    """Read a board's page in five statements: pipelines, totals, cards, names with members, next steps."""
    page = asked(ctx, pairs)
    page.board = board = await queries.board(ctx, _pipeline_of(pairs), page.query)
    await page.fill(
        [deal for column in board.columns for deal in column.deals] if board else [], offered=OFFERED
    )
    return page


def _pipeline_of(pairs: Sequence[tuple[str, str]]) -> UUID | None:
    raw = next((value for name, value in pairs if name == PIPELINE and value), "")
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise NotFound from None
