"""Sessions enter one tenant and leave nothing behind."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.kernel.turns import BREATH_S, Turns


async def test_a_session_acts_as_the_tenants_role_in_its_schema(databases, tenant):
    async with databases.tenant(tenant) as unit:
        row = (await unit.session.execute(text("SELECT current_user, current_schema()"))).one()
    assert tuple(row) == (tenant.schema, tenant.schema)


async def test_a_reading_session_cannot_write(databases, tenant):
    async with databases.tenant(tenant, readonly=True) as unit:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await unit.session.execute(text("DELETE FROM handled"))


async def test_a_session_cannot_commit(databases, tenant):
    async with databases.tenant(tenant) as unit:
        with pytest.raises(RuntimeError, match="never commits"):
            await unit.session.commit()
        with pytest.raises(RuntimeError, match="never rolls back"):
            await unit.session.rollback()


async def test_work_that_can_wait_gives_way_before_each_statement(databases, tenant):
    breaths = list[float]()

    async def sleep(seconds: float) -> None:
        breaths.append(seconds)

    turns = Turns(sleep=sleep)
    turns.served()

    async def two_statements() -> None:
        async with databases.tenant(tenant) as unit:
            await unit.session.execute(text("SELECT 1"))
            await unit.session.execute(text("SELECT 2"))

    await two_statements()
    assert not breaths
    async with turns.turn():
        await two_statements()
    assert breaths == [BREATH_S, BREATH_S]
