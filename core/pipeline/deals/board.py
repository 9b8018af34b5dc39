"""The board as its page wants it: columns, cards, filters, the switch between pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from core.kernel import money
from core.kernel.errors import BadRequest, NotFound
from core.kernel.i18n import N_
from core.pipeline.deals import queries
from core.pipeline.deals.queries import Board, Column, Total
from core.pipeline.deals.records import DEAL
from core.pipeline.models import Stage
from core.records import labels, lists
from core.records.labels import Labels
from core.records.list_page import OFFERED, ListPage, fold
from core.records.query import parse_page
from core.records.shown import place
from core.tenancy.ctx import Ctx

FILTERS: Final = ("owner_id", "expected_close_on", "amount_minor", "tags", "source", "next_follow_up_on")
TONES: Final = ("blue", "teal", "purple", "amber", "green", "pink", "red")
REFERENCES: Final = tuple(column for column in DEAL.columns if column.key in {"customer_id", "owner_id"})
PIPELINE: Final = "pipeline"
Steps = Mapping[UUID, tuple[str, date | None]]


@dataclass(slots=True)
class BoardPage(ListPage):
    """A board as a person looks at it; filters are those of the list of deals."""

    board: Board | None = None
    steps: Steps = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The board's address without any question."""
        return str(self.ctx.w("/pipeline"))

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
    def mine(self) -> str:
        """The address that narrows the board to one's own deals."""
        return self.link(f=[*(item.token for item in self.query.filters), "owner_id:me:"])

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The columns as the macro takes them."""
        if self.board is None:
            return []
        cards = Cards.of(self.ctx, self.listing.labels, self.steps)
        return [self.column_view(column, at, cards) for at, column in enumerate(self.board.columns)]

    def column_view(self, column: Column, at: int, cards: Cards) -> dict[str, Any]:
        """One column with its head and cards."""
        stage = column.stage
        may_add = self.ctx.can("deals.create")
        return {
            **head(self.ctx, stage, column.total, at),
            "cards": [cards.draw(deal, stage) for deal in column.deals],
            "more_url": self.more_url(stage.id, column.next),
            "add_url": place(self.ctx, DEAL, f"/new?stage_id={stage.id}") if may_add else "",
        }

    def more_url(self, stage_id: UUID, cursor: str | None) -> str:
        """Where the next cards of a column come from."""
        if cursor is None:
            return ""
        question = urlencode([*self.query.pairs(), ("cursor", cursor)])
        return str(self.ctx.w(f"/pipeline/stages/{stage_id}?{question}"))


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


@dataclass(frozen=True, slots=True)
class Cards:
    """Draws deals as cards; what all of them share is worked out once."""

    names: Labels
    steps: Steps
    now: datetime
    today: date
    address: str
    follow_up: str
    age: str
    may_move: bool

    @classmethod
    def of(cls, ctx: Ctx, names: Labels, steps: Steps) -> Cards:
        """Make the drawer of one answer."""
        return cls(
            names=names,
            steps=steps,
            now=ctx.now(),
            today=ctx.today(),
            address=place(ctx, DEAL),
            follow_up=ctx.t(N_("Follow up")),
            age=ctx.t(N_("{days} d")),
            may_move=ctx.can("deals.edit"),
        )

    def draw(self, deal: Any, stage: Stage) -> dict[str, Any]:
        """A deal as a card: what, for whom, how much, how long in the stage, what comes next."""
        days = max(0, (self.now - deal.stage_entered_at).days)
        step, step_on = self.steps.get(deal.id, ("", None))
        if not step and deal.next_follow_up_on:
            step, step_on = self.follow_up, deal.next_follow_up_on
        address = f"{self.address}/{deal.id}"
        return {
            "id": str(deal.id),
            "url": address,
            "title": deal.name,
            "subtitle": self.names.get(("customer", deal.customer_id), "") if deal.customer_id else "",
            "owner": self.names.get(("member", deal.owner_id), "") if deal.owner_id else "",
            "move_url": f"{address}/move" if self.may_move else "",
            "version": deal.version,
            "amount_minor": deal.amount_minor,
            "currency": deal.currency,
            "due": deal.expected_close_on,
            "late": deal.expected_close_on is not None and deal.expected_close_on < self.today,
            "age": self.age.format(days=days),
            "stalled": stage.rotting_days is not None and days >= stage.rotting_days,
            "next_step": step,
            "next_on": step_on,
            "overdue": step_on is not None and step_on < self.today,
        }


async def load(ctx: Ctx, pairs: Sequence[tuple[str, str]]) -> BoardPage:
    """Read a board's page in five statements: pipelines, totals, cards, names with members, next steps."""
    folded, looks = fold([pair for pair in pairs if pair[0] != PIPELINE])
    query, error = parse_page(DEAL, folded, lists.reading(ctx))
    wanted = _pipeline_of(pairs)
    if wanted is not None:
        looks[PIPELINE] = str(wanted)
    board = await queries.board(ctx, wanted, query)
    deals = [deal for column in board.columns for deal in column.deals] if board else []
    names = await named(ctx, deals, offered=OFFERED)
    steps = await queries.next_steps(ctx, [deal.id for deal in deals])
    listing = lists.Listing(query, deals, names, None)
    page = BoardPage(ctx, DEAL, query, looks, listing, (), (), error)
    page.board, page.steps = board, steps
    return page


async def named(ctx: Ctx, deals: Sequence[Any], *, offered: int = 0) -> Labels:
    """The names of customers and owners on cards, and of the members to offer."""
    return await labels.resolve(ctx, labels.wanted(REFERENCES, deals), offered=offered)


def _pipeline_of(pairs: Sequence[tuple[str, str]]) -> UUID | None:
    raw = next((value for name, value in pairs if name == PIPELINE and value), "")
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise NotFound from None


def stage_of(board: Board | None, stage_id: UUID) -> tuple[Stage, int]:
    """A stage of the board with its place; raises BadRequest where the board has another pipeline."""
    for at, column in enumerate(board.columns if board else ()):
        if column.stage.id == stage_id:
            return column.stage, at
    raise BadRequest
