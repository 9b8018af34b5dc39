from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from core.kernel.errors import BadRequest, Invalid
from core.pipeline.deals.records import DEAL
from core.records.ops import OPS, condition
from core.records.query import LIMIT, parse, parse_page, read
from core.records.values import Reading
from tests.core.records.toys import BOAT

READING = Reading(today=date(2026, 3, 10), zone=ZoneInfo("Asia/Shanghai"), member_id=UUID(int=1))
NAMES = st.sampled_from([*(column.key for column in BOAT.columns), "f", "sort", "limit", "columns", "q", "x"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["today", "me", "2026-02-30", "0001-01-01", "9999-12-31", "1e999", "NaN", "-0", "1,2", "true"]
    ),
)
TOKENS = st.builds(
    "{}:{}:{}".format, NAMES, st.sampled_from(sorted({op for ops in OPS.values() for op in ops})), VALUES
)


def test_a_plain_address_has_the_defaults() -> None:
    query = parse(BOAT, [], READING)
    assert (query.limit, query.filters, query.sort) == (LIMIT, (), ())
    assert [column.key for column in query.columns] == ["name", "state", "owner", "price"]


def test_a_question_is_written_back_as_it_was_understood() -> None:
    pairs = [
        ("f", "state:in:new,old"),
        ("f", "owner:me:"),
        ("sort", "-price,name"),
        ("columns", "name,state"),
        ("q", "a"),
    ]
    query = parse(BOAT, pairs, READING)
    assert query.pairs() == pairs
    assert parse(BOAT, query.pairs(), READING).pairs() == pairs


def test_sugar_becomes_a_filter_and_several_choices_become_in() -> None:
    query = parse(BOAT, [("state", "new,old"), ("name", "a,b")], READING)
    assert [item.token for item in query.filters] == ["state:in:new,old", "name:eq:a,b"]


def test_names_come_before_values_among_the_errors() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(BOAT, [("f", "hull:eq:1"), ("f", "length:eq:x")], READING)
    assert [error.path for error in caught.value.errors] == ["f.hull", "f.length"]
    with pytest.raises(Invalid):
        parse(BOAT, [("f", "length:eq:x")], READING)


def test_a_page_shows_what_was_right_beside_what_was_wrong() -> None:
    pairs = [("f", "length:eq:x"), ("f", "name:eq:Ada"), ("density", "compact"), ("limit", "9999")]
    query, error = parse_page(BOAT, pairs, READING)
    assert [item.token for item in query.filters] == ["name:eq:Ada"]
    assert error is not None
    assert {item.path for item in error.errors} == {"f.length", "limit"}


def test_there_is_an_end_to_the_conditions() -> None:
    with pytest.raises(Invalid):
        parse(BOAT, [("f", "name:contains:a")] * 21, READING)
    with pytest.raises(Invalid):
        parse(BOAT, [("f", "name:in:" + ",".join("abc" * 50))], READING)


@given(st.lists(st.one_of(st.tuples(NAMES, VALUES), st.tuples(st.just("f"), TOKENS)), max_size=4))
def test_any_address_is_a_question_or_an_error_and_every_question_is_sql(
    pairs: list[tuple[str, str]],
) -> None:
    query, error = read(BOAT, pairs, READING)
    assert error is None or (error.status in (400, 422) and error.errors)
    statement = select(BOAT.model.id).where(*(condition(item, READING) for item in query.filters))
    str(statement.compile(dialect=postgresql.dialect()))


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 36_500))
def test_days_reach_as_far_as_they_say(today: date, span: int) -> None:
    reading = Reading(today=today, zone=ZoneInfo("UTC"), member_id=None)
    query = parse(BOAT, [("f", f"launched_on:last_days:{span}")], reading)
    assert query.filters[0].values == (timedelta(days=span),)
    compiled = condition(query.filters[0], reading).compile(dialect=postgresql.dialect())
    assert sorted(compiled.params.values()) == [today - timedelta(days=span), today]


def test_a_bare_day_is_the_readers_day() -> None:
    query = parse(BOAT, [("f", "seen_at:eq:2026-03-09")], READING)
    start = datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert query.filters[0].values == (start,)
    compiled = condition(query.filters[0], READING).compile(dialect=postgresql.dialect())
    assert sorted(compiled.params.values()) == [start, start + timedelta(days=1)]


@pytest.mark.parametrize(
    "pair",
    [
        ("limit", "00001999999"),
        ("limit", "9" * 5_000),
        ("f", "launched_on:last_days:0000000019999999999"),
        ("f", "launched_on:last_days:" + "1" * 5_000),
        ("f", "draught:eq:1e-99999"),
        ("f", "draught:eq:1." + "0" * 20_000),
    ],
)
def test_numbers_that_begin_small_and_go_on_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(Invalid):
        parse(BOAT, [pair], READING)


def test_a_number_that_a_small_column_cannot_hold_is_refused() -> None:
    assert parse(DEAL, [("f", "probability:gt:50")], READING).filters[0].values == (50,)
    with pytest.raises(Invalid):
        parse(DEAL, [("f", "probability:gt:40000")], READING)


def test_the_wide_space_of_chinese_keyboards_is_text() -> None:
    assert parse(BOAT, [("name", "恒通\u3000贸易")], READING).filters[0].values == ("恒通\u3000贸易",)
