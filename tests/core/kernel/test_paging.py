import base64
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    column,
    create_engine,
    insert,
    select,
)
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


COUNT = Key("count", column("count", Integer()))
RATE = Key("rate", column("rate", Numeric()))
FEW = Key("few", column("few", SmallInteger()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (AT, "2026-01-01T00:00:00"),
        (AT, "0001-01-01T00:00:00+14:00"),
        (RATE, "NaN"),
        (RATE, "1e999999"),
        (COUNT, 2**31),
        (FEW, 2**15),
        (SIZE, 2**63),
        (COUNT, True),
        (ID, "no"),
        (SIZE, [1]),
    ],
)
def test_values_that_the_database_cannot_hold_are_refused(key: Key, value: object) -> None:
    body = msgspec.json.encode([f"{key.token},id", value, str(UUID(int=1))])
    with pytest.raises(BadRequest):
        decode([key, ID], base64.urlsafe_b64encode(body).decode().rstrip("="))


# The condition is plain SQL, so an engine inside the process can show that no row is lost or doubled.
ITEMS = Table(
    "item", MetaData(), Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer)
)
SMALL = st.none() | st.integers(0, 3)


@given(
    st.lists(st.tuples(SMALL, st.integers(0, 3)), max_size=25),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.integers(1, 6),
)
def test_pages_put_together_are_the_list(
    values: list[tuple[int | None, int]], down: list[bool], limit: int
) -> None:
    keys = [
        Key("a", ITEMS.c.a, descending=down[0], nullable=True),
        Key("b", ITEMS.c.b, descending=down[1]),
        Key("id", ITEMS.c.id, descending=down[2]),
    ]
    with create_engine("sqlite://").connect() as connection:
        ITEMS.metadata.create_all(connection)
        for number, (a, b) in enumerate(values):
            connection.execute(insert(ITEMS).values(id=number, a=a, b=b))
        everything = [row.id for row in connection.execute(select(ITEMS).order_by(*order_by(keys)))]
        found: list[int] = []
        query = select(ITEMS).order_by(*order_by(keys)).limit(limit + 1)
        page = cut(keys, connection.execute(query).all(), limit)
        while True:
            found += [row.id for row in page.items]
            if page.next_cursor is None:
                break
            rest = query.where(following(keys, decode(keys, page.next_cursor)))
            page = cut(keys, connection.execute(rest).all(), limit)
    assert found == everything
    assert len(found) == len(values)
