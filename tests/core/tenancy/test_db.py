"""Sessions enter one tenant and leave nothing behind."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError


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
