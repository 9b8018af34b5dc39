"""Connections come back neutral whatever happened, and no tenant takes them all."""

import asyncio
import time
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.kernel.errors import Unavailable
from core.kernel.statements import Statement
from core.tenancy.connection import NotEntered, Opening
from core.tenancy.db import Databases, driver_of
from core.tenancy.pools import Budget

WHO = text("SELECT current_user, current_schema(), txid_current_if_assigned()")


@pytest.fixture
async def narrow(database_settings):
    """One connection, so that the next checkout gets what the last one left."""
    databases = Databases(replace(database_settings, connections=1))
    yield databases
    await databases.close()


async def assert_neutral(databases, tenant, other_tenant):
    """The next checkout of each tenant is its own, and nothing is held."""
    assert databases.budget.in_use == 0
    for whose in (other_tenant, tenant):
        async with databases.tenant(whose) as unit:
            assert tuple((await unit.session.execute(WHO)).one())[:2] == (whose.schema, whose.schema)
    assert databases.budget.in_use == 0


async def work(databases, tenant, commit=True):
    async with databases.tenant(tenant) as unit:
        await unit.session.execute(text("SELECT count(*) FROM handled"))
        await unit.session.execute(text("SELECT count(*) FROM event"))
        if commit:
            await unit.commit()


async def test_an_exception_leaves_a_neutral_connection(narrow, tenant, other_tenant):
    async def fail(statement, error):
        async with narrow.tenant(tenant) as unit:
            await unit.session.execute(text(statement))
            raise error

    with pytest.raises(ZeroDivisionError):
        await fail("SELECT 1", ZeroDivisionError)
    with pytest.raises(DBAPIError):
        await fail("SELECT 1/0", ZeroDivisionError)
    await assert_neutral(narrow, tenant, other_tenant)


async def test_an_unused_unit_leaves_a_neutral_connection(narrow, tenant, other_tenant):
    async with narrow.tenant(tenant):
        pass
    await assert_neutral(narrow, tenant, other_tenant)


async def test_injected_transaction_control_leaves_a_neutral_connection(narrow, tenant, other_tenant):
    for statement in ("COMMIT", "ROLLBACK", "COMMIT; BEGIN", "BEGIN", "ROLLBACK; BEGIN; SELECT 1"):
        try:
            async with narrow.tenant(tenant) as unit:
                driver = driver_of(await unit.connection())
                await driver.execute(statement)
                await driver.execute(f"SET ROLE {other_tenant.schema}")
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pass
        await assert_neutral(narrow, tenant, other_tenant)


async def test_a_cancellation_at_any_await_leaves_a_neutral_connection(narrow, tenant, other_tenant):
    """The task is cancelled after 0, 1, 2 … turns of the loop, through every await of a unit's life."""
    for turns in range(400):
        task = asyncio.ensure_future(work(narrow, tenant))
        for _ in range(turns):
            if task.done():
                break
            await asyncio.sleep(0)
        if task.done():
            await task
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await assert_neutral(narrow, tenant, other_tenant)


@pytest.mark.parametrize("fraction", range(12))
async def test_a_cancellation_at_any_time_leaves_a_neutral_connection(narrow, tenant, other_tenant, fraction):
    await work(narrow, tenant)
    task = asyncio.ensure_future(work(narrow, tenant))
    await asyncio.sleep(fraction * 0.0004)
    task.cancel()
    await asyncio.wait([task])
    await assert_neutral(narrow, tenant, other_tenant)


async def test_a_connection_that_the_server_ended_is_replaced(narrow, tenant, other_tenant):
    async def lose_the_server():
        async with narrow.tenant(tenant) as unit:
            pid = (await unit.session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await end_backend(narrow, pid)
            await unit.session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError):
        await lose_the_server()
    await assert_neutral(narrow, tenant, other_tenant)


async def test_an_idle_connection_that_the_server_ended_is_replaced(narrow, tenant, other_tenant):
    async with narrow.tenant(tenant) as unit:
        pid = (await unit.session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    await end_backend(narrow, pid)
    await assert_neutral(narrow, tenant, other_tenant)


async def end_backend(databases, pid):
    connection = await asyncpg.connect(databases.settings.admin_dsn())
    await connection.execute("SELECT pg_terminate_backend($1, 60000)", pid)
    await connection.close()
    await asyncio.sleep(0.05)


async def test_no_transaction_begins_without_a_tenant(databases, tenant):
    async with databases.tenant(tenant) as unit:
        connection = await unit.connection()
        driver = driver_of(connection)
    with pytest.raises(NotEntered):
        driver.transaction()
    fresh = await asyncpg.connect(databases.settings.dsn(databases.settings.control))
    await fresh.close()


@pytest.mark.parametrize(
    "name", ["t_short", "T_ABCDEFGHIJKL", 't_a"; SET ROLE x; --', "postgres", "t_äbcdefghijk", ""]
)
async def test_only_a_tenants_role_name_is_accepted(name):
    with pytest.raises(ValueError, match="not a tenant role"):
        Opening(name, False, 1, 1).sql()


async def test_a_unit_with_a_strange_schema_gives_its_connection_back(narrow, tenant, other_tenant):
    with pytest.raises(ValueError, match="not a tenant role"):
        async with narrow.tenant(replace(tenant, schema='x"; DROP')):
            pass
    await assert_neutral(narrow, tenant, other_tenant)


async def test_a_connection_ends_after_so_many_tenants_or_so_long(database_settings, tenant, other_tenant):
    for limits in ({"max_tenants": 2}, {"max_age_s": 0.0}):
        databases = Databases(replace(database_settings, connections=1, **limits))
        pids = []
        for whose in (tenant, other_tenant, tenant):
            async with databases.tenant(whose) as unit:
                pids.append((await unit.session.execute(text("SELECT pg_backend_pid()"))).scalar_one())
        await databases.close()
        assert pids[2] != pids[0]


async def test_pools_share_one_budget(database_settings, tenant):
    """A connection of another login is closed, the least recently used first, to make room."""
    databases = Databases(replace(database_settings, connections=2))
    budget = databases.budget
    logins = [(database_settings.migrate, "main"), (database_settings.control, None)]
    for role, cell in logins:
        engine = databases._engine(role, cell, budget)
        await budget.acquire(role)
        async with engine.connect():
            pass
        budget.release(role)
    assert [len(pool.idle) for pool in budget.pools] == [1, 1]
    await work(databases, tenant)
    assert [len(pool.idle) for pool in budget.pools] == [0, 1, 1]
    await databases.close()


async def test_what_lost_its_trust_in_mid_transaction_is_closed_without_another_connection(
    database_settings, tenant, monkeypatch
):
    """Another request found the server gone: this one is told to come again, whatever the server does now."""
    databases = Databases(replace(database_settings, connections=2))
    await work(databases, tenant)
    [pool] = databases.budget.pools
    one = Statement(text("SELECT 1 AS one"))

    def refuse(*_):
        raise AssertionError("nothing may connect")

    with monkeypatch.context() as patched:
        async with databases.tenant(tenant) as unit:
            await unit.session.run(one)
            patched.setattr(pool, "_invalidate_time", time.time())
            patched.setattr(pool, "_invoke_creator", refuse)
            with pytest.raises(Unavailable):
                await unit.session.execute(text("SELECT 1"))
        assert not pool.idle
        assert databases.budget.in_use == 0
    await work(databases, tenant)
    await databases.close()


async def test_a_tenant_waits_at_its_cap_while_others_pass():
    budget = Budget(10, share=0.3, wait_s=600)
    for _ in range(3):
        await budget.acquire("loud")
    waiting = asyncio.ensure_future(budget.acquire("loud"))
    await asyncio.sleep(0)
    await asyncio.wait_for(budget.acquire("quiet"), 60)
    assert not waiting.done()
    budget.release("quiet")
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.release("loud")
    await waiting
    assert budget.held("loud") == 3


async def test_one_connection_is_left_for_those_who_have_none():
    budget = Budget(3, share=1.0, wait_s=600)
    await budget.acquire("a")
    await budget.acquire("a")
    third = asyncio.ensure_future(budget.acquire("a"))
    await asyncio.sleep(0)
    assert not third.done()
    await asyncio.wait_for(budget.acquire("b"), 60)
    third.cancel()
    assert budget.in_use == 3


async def test_waiting_tenants_are_served_in_turn():
    budget = Budget(2, share=1.0, wait_s=600)
    await budget.acquire("x")
    await budget.acquire("y")
    order = []

    async def wait(who):
        await budget.acquire(who)
        order.append(who)
        await asyncio.sleep(0)
        budget.release(who)

    tasks = [asyncio.ensure_future(wait(who)) for who in ("a", "a", "a", "b", "c")]
    await asyncio.sleep(0)
    budget.release("x")
    await asyncio.gather(*tasks)
    assert order[:3] == ["a", "b", "c"]
    budget.release("y")
    assert budget.in_use == 0


async def test_who_waits_too_long_is_told_to_come_back():
    budget = Budget(1, wait_s=0.02)
    await budget.acquire("a")
    with pytest.raises(Unavailable):
        await budget.acquire("b")
    budget.release("a")
    assert budget.in_use == 0
    await budget.acquire("b")


async def test_a_cancelled_wait_takes_nothing():
    budget = Budget(1, wait_s=600)
    await budget.acquire("a")
    waiting = asyncio.ensure_future(budget.acquire("b"))
    await asyncio.sleep(0)
    budget.release("a")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert budget.in_use == 0


async def test_a_quiet_tenant_is_served_while_another_floods(database_settings, tenant, other_tenant):
    databases = Databases(replace(database_settings, connections=10, wait_s=600))
    slow = text("SELECT count(*) FROM generate_series(1, 400000)")

    async def flood():
        async with databases.tenant(tenant) as unit:
            await unit.session.execute(slow)

    floods = [asyncio.ensure_future(flood()) for _ in range(60)]
    await asyncio.sleep(0.05)
    assert databases.budget.held(tenant.id) == 3
    await work(databases, other_tenant)
    still_flooding = sum(not task.done() for task in floods)
    await asyncio.gather(*floods)
    await databases.close()
    assert still_flooding > 20
