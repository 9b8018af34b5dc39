from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, DateTime, Text, Uuid, column
from sqlalchemy.dialects import postgresql

from core.kernel.errors import BadRequest
from core.kernel.paging import Key, cut, decode, encode, following, order_by

AT = Key("at", column("at", DateTime(timezone=True)), descending=True)
NAME = Key("name", column("name", Text()), nullable=True)
SIZE = Key("size", column("size", BigInteger()))
ID = Key("id", column("id", Uuid()))


def sql(part: object) -> str:
    return str(part.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]


def test_a_cursor_carries_the_sort_values_back() -> None:
    row = SimpleNamespace(at=datetime(2026, 3, 1, 8, tzinfo=UTC), name=None, id=UUID(int=5))
    keys = [AT, NAME, ID]
    assert decode(keys, encode(keys, row)) == [row.at, None, row.id]


def test_empty_values_come_last_and_the_condition_knows() -> None:
    assert sql(order_by([NAME])[0]) == "name ASC NULLS LAST"
    assert "name IS NULL" in sql(following([NAME, ID], ["a", UUID(int=1)]))
    assert "name IS NULL AND id >" in sql(following([NAME, ID], [None, UUID(int=1)]))


def test_the_leading_column_gets_a_plain_range() -> None:
    assert sql(following([SIZE, ID], [3, UUID(int=1)])).startswith("size >= 3 AND ")


def test_a_page_knows_its_next_place_only_where_more_follows() -> None:
    rows = [SimpleNamespace(id=UUID(int=n)) for n in range(3)]
    assert cut([ID], rows, 3).next_cursor is None
    page = cut([ID], rows, 2)
    assert list(page.items) == rows[:2]
    assert decode([ID], page.next_cursor or "") == [UUID(int=1)]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%%%", "bnVsbA", "a" * 3000, encode([ID], SimpleNamespace(id=None))],
)
def test_a_damaged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        decode([ID], cursor)


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(BadRequest):
        decode([SIZE, ID], encode([ID], SimpleNamespace(id=UUID(int=1))))


@given(st.text(max_size=60))
def test_other_texts_are_bad_requests(text: str) -> None:
    with pytest.raises(BadRequest):
        decode([SIZE, ID], text)
