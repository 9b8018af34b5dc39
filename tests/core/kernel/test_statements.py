from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Uuid, bindparam, column, select, text, values
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.access.models import Member
from core.kernel.db import Exact
from core.kernel.ids import uuid7
from core.kernel.statements import Statement, Write, send
from core.tenancy.db import Databases, TenantSession
from core.tenancy.directory import Tenant
from tests.fixtures.restore import Restore

ONE = Statement(select(Member.name, Member.locale).where(Member.id == bindparam("wanted", type_=Uuid())))


async def test_a_statement_gives_rows_by_name_and_in_order(session: TenantSession) -> None:
    made = Member(id=uuid7(), name="Ann", email="ann@x.test")
    session.add(made)
    # What the session holds back is written first, or it could not be found.
    (row,) = await session.run(ONE, {"wanted": made.id})
    assert (row.name, row.locale) == ("Ann", None)
    assert list(row) == ["Ann", None]
    assert await session.run(ONE, {"wanted": uuid7()}) == []


async def test_a_written_statement_tells_its_columns_itself(session: TenantSession) -> None:
    written = Statement(text('SELECT CAST(:n AS integer) AS n, CAST(:doc AS jsonb) AS doc, 1 AS "1"'))
    (row,) = await session.run(written, {"n": 5, "doc": '{"a": [1]}'})
    assert list(row) == [5, {"a": [1]}, 1]
    assert row.doc == {"a": [1]}


async def test_numbers_and_documents_are_translated_both_ways(session: TenantSession) -> None:
    rows = values(column("n", Exact(20, 10)), column("doc", JSON()), name="v")
    statement = Statement(select(rows.data([(Decimal("6.0000000000"), {"a": 1})])))
    (row,) = await session.run(statement)
    assert str(row.n) == "6"


def test_a_missing_value_is_an_error_and_no_null() -> None:
    with pytest.raises(KeyError, match="wanted"):
        ONE.arguments({})


def test_a_text_that_hangs_on_its_values_is_refused() -> None:
    with pytest.raises(TypeError, match="depends on its values"):
        _ = Statement(select(Member.id).where(Member.name.in_(["a", "b"]))).sql


async def test_errors_are_those_of_the_mapper(session: TenantSession) -> None:
    with pytest.raises(IntegrityError):
        await session.run(Statement(text("INSERT INTO number_series (key) VALUES ('x')")))


async def test_a_lost_connection_is_known_as_one(databases: Databases, tenant: Tenant) -> None:
    async with databases.tenant(tenant) as unit:
        await unit.session.run(Statement(text("SELECT 1")))
        unit.session._line.driver.terminate()
        with pytest.raises(DBAPIError) as caught:
            await unit.session.run(Statement(text("SELECT 1")))
        assert caught.value.connection_invalidated
    async with databases.tenant(tenant) as unit:
        assert len(await unit.session.run(Statement(text("SELECT 1")))) == 1


async def test_both_ways_work_in_one_transaction(
    databases: Databases, tenant: Tenant, committing: Restore
) -> None:
    names = Statement(text("SELECT name FROM member WHERE email LIKE '%@both.test' ORDER BY name"))
    for is_run_first in (True, False):
        async with databases.tenant(tenant) as unit:
            if is_run_first:
                assert await unit.session.run(names) == []
            unit.session.add(Member(name=f"{is_run_first}", email=f"{is_run_first}@both.test"))
            await unit.session.flush()
            assert len(await unit.session.run(names)) == 1
    async with databases.tenant(tenant, readonly=True) as unit:
        assert await unit.session.run(names) == []


async def test_what_only_ran_is_committed_or_undone(
    databases: Databases, tenant: Tenant, committing: Restore
) -> None:
    add = Statement(text("INSERT INTO number_series (key, prefix, width, following) VALUES (:key, '', 6, 1)"))
    every = Statement(text("SELECT key FROM number_series WHERE key LIKE 'only%'"))
    for key in ("only-kept", "only-lost"):
        async with databases.tenant(tenant) as unit:
            await unit.session.run(add, {"key": key})
            if key == "only-kept":
                await unit.commit()
    async with databases.tenant(tenant, readonly=True) as unit:
        assert [row.key for row in await unit.session.run(every)] == ["only-kept"]


async def test_writes_go_together_and_are_counted(session: TenantSession) -> None:
    counted: list[int] = []
    add = "INSERT INTO number_series (key, prefix, width, following) VALUES (CAST(:{0} AS text), '', 6, 1)"
    first = Write((("one", add.format("a")),), {"a": "sent-a"})
    again = f"{add.format('b')} ON CONFLICT DO NOTHING RETURNING 1"
    await send(session, [first, Write((("two", again),), {"b": "sent-b"}, check=counted.append)])
    await send(session, [Write((("two", again),), {"b": "sent-b"}, check=counted.append)])
    assert counted == [1, 0]
    found: list[Any] = await session.run(
        Statement(text("SELECT key FROM number_series WHERE key LIKE 'sent-%' ORDER BY key"))
    )
    assert [row.key for row in found] == ["sent-a", "sent-b"]


async def test_a_question_goes_with_the_opening_once(databases: Databases, tenant: Tenant) -> None:
    for question, is_none in (("SELECT 1 WHERE 1 = 2", True), ("SELECT 1", False)):
        async with databases.tenant(tenant) as unit:
            assert await unit.session.finds_none(question) is is_none
            assert not await unit.session.finds_none("SELECT 1 WHERE 1 = 2")
    async with databases.tenant(tenant) as unit:
        with pytest.raises(ValueError, match="constants and digests"):
            await unit.session.finds_none("SELECT 1; DROP TABLE member")
