from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.access.models import Share
from core.kernel.errors import BadRequest, Forbidden, NotFound
from core.records import lists
from core.records.query import parse
from core.tenancy.ctx import Ctx
from tests.core.records.conftest import ANN, BO, CY
from tests.core.records.toys import BOAT, Boat, Yard


async def put(ctx: Ctx, *boats: dict[str, Any]) -> list[Boat]:
    made = [Boat(**{"owner_id": ANN, **boat}) for boat in boats]
    ctx.session.add_all(made)
    await ctx.session.flush()
    return made


async def found(ctx: Ctx, *pairs: tuple[str, str], **sugar: str) -> list[str]:
    query = parse(BOAT, [*pairs, *sugar.items()], lists.reading(ctx))
    return [row.name for row in (await lists.run(ctx, query)).rows]


FLEET: list[dict[str, Any]] = [
    {
        "name": "Ada",
        "state": "new",
        "length": 7,
        "price_minor": 100_000,
        "tags": ["red", "fast"],
        "launched_on": date(2026, 3, 10),
        "seen_at": datetime(2026, 3, 9, 15, 59, tzinfo=UTC),
    },
    {
        "name": "Bea",
        "state": "old",
        "length": 12,
        "price_minor": 250_050,
        "tags": ["blue"],
        "launched_on": date(2026, 3, 1),
        "seen_at": datetime(2026, 3, 9, 16, 0, tzinfo=UTC),
        "owner_id": BO,
    },
    {"name": "100%", "is_sailing": True, "launched_on": date(2026, 3, 20), "owner_id": None},
]


@pytest.mark.parametrize(
    ("token", "names"),
    [
        ("name:contains:EA", ["Bea"]),
        ("name:contains:%", ["100%"]),
        ("name:starts:a", ["Ada"]),
        ("name:eq:Ada", ["Ada"]),
        ("name:ne:Ada", ["100%", "Bea"]),
        ("name:in:Ada,Bea", ["Ada", "Bea"]),
        ("state:eq:new", ["Ada"]),
        ("state:ne:new", ["100%", "Bea"]),
        ("state:empty:", ["100%"]),
        ("state:notempty:", ["Ada", "Bea"]),
        ("length:gt:7", ["Bea"]),
        ("length:between:7,12", ["Ada", "Bea"]),
        ("price:gte:2500.50", ["Bea"]),
        ("price:eq:1000", ["Ada"]),
        ("launched_on:eq:today", ["Ada"]),
        ("launched_on:last_days:10", ["Ada", "Bea"]),
        ("launched_on:next_days:10", ["100%", "Ada"]),
        ("launched_on:before:2026-03-10", ["Bea"]),
        ("launched_on:empty:", []),
        # 15:59 UTC is still the ninth in Shanghai, 16:00 is the tenth.
        ("seen_at:eq:2026-03-09", ["Ada"]),
        ("seen_at:after:2026-03-09", ["Bea"]),
        ("seen_at:before:2026-03-10", ["Ada"]),
        ("seen_at:last_days:1", ["Ada", "Bea"]),
        ("seen_at:between:2026-03-09,2026-03-10", ["Ada", "Bea"]),
        ("is_sailing:eq:true", ["100%"]),
        ("tags:contains:red", ["Ada"]),
        ("tags:in:red,blue", ["Ada", "Bea"]),
        ("tags:ne:red", ["100%", "Bea"]),
        ("tags:empty:", ["100%"]),
        ("owner:me:", ["Ada"]),
        ("owner:eq:me", ["Ada"]),
        ("owner:ne:me", ["100%", "Bea"]),
        ("owner:empty:", ["100%"]),
        (f"owner:in:{ANN},{BO}", ["Ada", "Bea"]),
    ],
)
async def test_every_operation_finds_what_it_says(ctx: Ctx, token: str, names: list[str]) -> None:
    await put(ctx, *FLEET)
    assert await found(ctx, ("f", token)) == names


async def test_conditions_hold_together_and_equality_has_a_short_form(ctx: Ctx) -> None:
    await put(ctx, *FLEET)
    assert await found(ctx, ("f", "length:gt:1"), state="old") == ["Bea"]
    assert await found(ctx, q="be") == ["Bea"]


async def test_pages_follow_each_other_without_gap_or_overlap_also_over_empty_values(ctx: Ctx) -> None:
    await put(ctx, *({"name": f"b{n}", "length": n // 3 if n % 4 else None} for n in range(20)))
    for sort in ("length", "-length", "name", "-created_at"):
        seen: list[str] = []
        cursor = ""
        for _ in range(10):
            query = parse(BOAT, [("sort", sort), ("limit", "3"), ("cursor", cursor)], lists.reading(ctx))
            listing = await lists.run(ctx, query)
            seen += [row.name for row in listing.rows]
            cursor = listing.next or ""
            if not cursor:
                break
        assert len(seen) == 20
        assert set(seen) == {f"b{n}" for n in range(20)}


async def test_a_cursor_of_another_order_is_refused(ctx: Ctx) -> None:
    await put(ctx, *FLEET)
    query = parse(BOAT, [("limit", "1")], lists.reading(ctx))
    cursor = (await lists.run(ctx, query)).next or ""
    with pytest.raises(BadRequest):
        await lists.run(ctx, parse(BOAT, [("sort", "-name"), ("cursor", cursor)], lists.reading(ctx)))


async def test_a_list_takes_two_statements_however_long_it_is(
    ctx: Ctx, statements: Callable[[], list[str]]
) -> None:
    yard = Yard(name="Dock 9")
    ctx.session.add(yard)
    await ctx.session.flush()
    await put(
        ctx, *({"name": f"b{n}", "owner_id": (ANN, BO, CY)[n % 3], "yard_id": yard.id} for n in range(30))
    )
    statements()
    query = parse(BOAT, [("columns", "name,owner,yard")], lists.reading(ctx))
    listing = await lists.run(ctx, query)
    assert len(statements()) == 2
    owner, place = query.columns[1], query.columns[2]
    assert {listing.label(owner, row) for row in listing.rows} == {"Ann", "Bo", "Cy"}
    assert {listing.label(place, row) for row in listing.rows} == {"Dock 9"}


async def test_the_count_is_asked_for_and_capped(ctx: Ctx, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(ctx, *FLEET)
    monkeypatch.setattr(lists, "COUNT_MOST", 2)
    listing = await lists.run(ctx, parse(BOAT, [("count", "1")], lists.reading(ctx)))
    assert (listing.count, listing.is_capped) == (3, True)


async def test_one_sees_what_one_owns_and_what_was_shared(ctx: Ctx, bo: Ctx) -> None:
    ada, bea, free = await put(ctx, *FLEET)
    assert await found(bo) == ["Bea"]
    for hidden in (ada.id, free.id, uuid4()):
        with pytest.raises(NotFound):
            await lists.get(bo, BOAT, hidden)
    ctx.session.add(Share(record_type="toy_boat", record_id=ada.id, member_id=BO, level="view"))
    await ctx.session.flush()
    assert await found(bo) == ["Ada", "Bea"]
    assert (await lists.get(bo, BOAT, ada.id)).name == "Ada"
    with pytest.raises(Forbidden):
        await lists.get(bo, BOAT, ada.id, action="edit")
    assert (await lists.get(bo, BOAT, bea.id, action="edit")).name == "Bea"


async def test_what_one_may_not_see_has_no_label(ctx: Ctx, bo: Ctx) -> None:
    yard = Yard(name="Secret dock")
    ctx.session.add(yard)
    await ctx.session.flush()
    await put(ctx, {"name": "Mine", "owner_id": BO, "yard_id": yard.id})
    bo.actor.grants["yards.view"] = "none"  # type: ignore[index]
    query = parse(BOAT, [("columns", "name,yard")], lists.reading(bo))
    listing = await lists.run(bo, query)
    assert [listing.label(query.columns[1], row) for row in listing.rows] == [""]


async def test_deleted_records_are_listed_only_where_asked(ctx: Ctx) -> None:
    gone, _ = await put(ctx, {"name": "Gone"}, {"name": "Here"})
    gone.deleted_at = ctx.now()
    await ctx.session.flush()
    assert await found(ctx) == ["Here"]
    assert await found(ctx, deleted="1") == ["Gone"]
    with pytest.raises(NotFound):
        await lists.get(ctx, BOAT, gone.id)


@pytest.mark.parametrize(
    ("token", "names"),
    [
        ("price:eq:100", ["Dinar", "Yen", "Yuan"]),
        ("price:ne:100", ["Less"]),
        ("price:gt:99.999", ["Dinar", "Yen", "Yuan"]),
        ("price:gte:100.001", []),
        ("price:lt:100", ["Less"]),
        ("price:between:99.5,100.5", ["Dinar", "Less", "Yen", "Yuan"]),
        ("price:between:99.6,100", ["Dinar", "Yen", "Yuan"]),
        ("price:eq:99.5", ["Less"]),
    ],
)
async def test_sums_are_compared_in_the_currency_of_each(ctx: Ctx, token: str, names: list[str]) -> None:
    await put(
        ctx,
        {"name": "Yuan", "price_minor": 100_00, "currency": "CNY"},
        {"name": "Yen", "price_minor": 100, "currency": "JPY"},
        {"name": "Dinar", "price_minor": 100_000, "currency": "KWD"},
        {"name": "Less", "price_minor": 99_500, "currency": "KWD"},
    )
    assert sorted(await found(ctx, ("f", token))) == names


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
async def test_a_day_ends_when_the_next_begins_also_where_clocks_change(ctx: Ctx, day: str) -> None:
    """In Berlin the one has 23 hours and the other 25."""
    ctx.timezone = "Europe/Berlin"
    begin = datetime.fromisoformat(day).replace(tzinfo=ctx.zone)
    end = (begin + timedelta(days=1)).astimezone(UTC)
    assert end - begin.astimezone(UTC) != timedelta(days=1)
    await put(
        ctx,
        {"name": "last", "seen_at": end - timedelta(seconds=1)},
        {"name": "next", "seen_at": end},
    )
    assert await found(ctx, ("f", f"seen_at:eq:{day}")) == ["last"]
    assert await found(ctx, ("f", f"seen_at:lte:{day}")) == ["last"]
    assert await found(ctx, ("f", f"seen_at:after:{day}")) == ["next"]
    assert await found(ctx, ("f", f"seen_at:between:{day},{day}")) == ["last"]
