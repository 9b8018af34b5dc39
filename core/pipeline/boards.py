"""What the boards of deals and of leads share: their question, their cards, and how they are shown. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from litestar import Request, Response

from core.ext.specs import RecordType
from core.kernel.i18n import N_
from core.pipeline import queries
from core.records import lists
from core.records.labels import Labels
from core.records.list_page import ListPage, fold, lent_names, named
from core.records.query import parse_page
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.pages import render, target

Any_ = Request[Any, Any, Any]
CARDS: Final = 50
TONES: Final = ("blue", "teal", "purple", "amber", "green", "pink", "red")


@dataclass(slots=True)
class BoardPage(ListPage):
    """A list as columns of cards; it answers the questions of the list."""

    record_type: ClassVar[RecordType]
    names: ClassVar[tuple[str, ...]]
    """The columns whose names stand on a card."""
    task_of: ClassVar[str]
    """How a task names a record of the board."""
    steps: Mapping[UUID, tuple[str, date | None]] = field(default_factory=dict)

    @classmethod
    def asked(cls, ctx: Ctx, pairs: Sequence[tuple[str, str]]) -> Self:
        """Read the question of an address; the cards are put in by ``fill``."""
        folded, looks = fold(pairs)
        query, error = parse_page(cls.record_type, folded, lists.reading(ctx))
        listing = lists.Listing(query, (), {}, None)
        return cls(ctx, cls.record_type, query, looks, listing, (), (), error)

    async def fill(self, rows: Sequence[Any], *, offered: int = 0) -> None:
        """Put cards in, with their names and next steps, and so many members to offer in filters."""
        found = [column for key in self.names if (column := self.type.column(key)) is not None]
        names = await named(self.ctx, self.query, found, rows, offered=offered)
        self.listing = lists.Listing(self.query, rows, names, None)
        self.steps = await queries.next_steps(self.ctx, self.task_of, [row.id for row in rows])
        if offered:
            self.lent_names = await lent_names(self.ctx, self.query)

    @property
    def address(self) -> str:
        """The board's address without any question."""
        return str(self.ctx.w(self.type.board))

    def more_url(self, column: str, cursor: str | None) -> str:
        """Where the next cards of a column come from."""
        if cursor is None:
            return ""
        return f"{self.address}/{column}?{urlencode([*self.query.pairs(), ('cursor', cursor)])}"

    @property
    def cards(self) -> Cards:
        """What draws the cards that were put in."""
        return Cards.of(self)


@dataclass(frozen=True, slots=True)
class Cards:
    """Draws records as cards; what all of them share is worked out once."""

    names: Labels
    steps: Mapping[UUID, tuple[str, date | None]]
    now: datetime
    today: date
    address: str
    follow_up: str
    age: str
    may_move: bool

    @classmethod
    def of(cls, page: BoardPage) -> Cards:
        """Make the drawer of one answer."""
        ctx = page.ctx
        return cls(
            names=page.listing.labels,
            steps=page.steps,
            now=ctx.now(),
            today=ctx.today(),
            address=place(ctx, page.type),
            follow_up=ctx.t(N_("Follow up")),
            age=ctx.t(N_("{days} d")),
            may_move=ctx.can(f"{page.type.permission}.edit"),
        )

    def days(self, since: datetime) -> int:
        """How many days have gone by."""
        return max(0, (self.now - since).days)

    def draw(self, row: Any, days: int) -> dict[str, Any]:
        """What every card says: what it is called, whose it is, how old, what comes next."""
        step, step_on = self.steps.get(row.id, ("", None))
        if not step and row.next_follow_up_on:
            step, step_on = self.follow_up, row.next_follow_up_on
        address = f"{self.address}/{row.id}"
        return {
            "id": str(row.id),
            "url": address,
            "title": row.name,
            "owner": self.names.get(("member", row.owner_id), "") if row.owner_id else "",
            "move_url": f"{address}/move" if self.may_move else "",
            "version": row.version,
            "age": self.age.format(days=days),
            "next_step": step,
            "next_on": step_on,
            "overdue": step_on is not None and step_on < self.today,
        }


def shown(ctx: Ctx, request: Any_, page: BoardPage, template: str) -> Response[Any]:
    """Show a board on its page, or alone where only its question is another."""
    status = page.error.status if page.error else 200
    chosen = "pipeline/board_alone.html" if target(request) == "board" else template
    return render(ctx, request, chosen, status=status, page=page)


def whole(ctx: Ctx, request: Any_, page: BoardPage) -> Response[Any]:
    """Answer with the board again, and no dialog any more."""
    return render(ctx, request, "pipeline/board_whole.html", page=page)


def more(ctx: Ctx, request: Any_, cards: Sequence[dict[str, Any]], column: dict[str, str]) -> Response[Any]:
    """Answer with the next cards of a column."""
    return render(ctx, request, "pipeline/board_more.html", cards=cards, column=column)


def moved(ctx: Ctx, request: Any_, card: dict[str, Any], heads: Sequence[dict[str, Any]]) -> Response[Any]:
    """Answer with a card and the heads of the columns that changed."""
    return render(ctx, request, "pipeline/board_moved.html", card=card, heads=heads)


def held(answer: Response[Any]) -> Response[Any]:
    """Let a card go back until what is asked has been answered."""
    answer.status_code = 422
    return answer


def on_board(ctx: Ctx, request: Any_, type_: RecordType) -> bool:
    """Whether a request came from the board, which then changes in its place."""
    return urlsplit(request.headers.get("hx-current-url", "")).path.rstrip("/") == ctx.w(type_.board)


def question(request: Any_) -> list[tuple[str, str]]:
    """The question of the board that a request came from."""
    query = urlsplit(request.headers.get("hx-current-url", "")).query
    return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
