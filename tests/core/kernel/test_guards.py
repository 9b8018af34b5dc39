from __future__ import annotations

import asyncio
from contextvars import copy_context

import pytest

from core.kernel.guards import InsideTransactionError, in_transaction, outside_transaction, transaction


def test_refuses_inside_only():
    outside_transaction("calling")
    with transaction():
        with pytest.raises(InsideTransactionError, match="calling"):
            outside_transaction("calling")
        with transaction():
            pass
        assert in_transaction()
    assert not in_transaction()


def test_ends_with_an_exception():
    with pytest.raises(ZeroDivisionError), transaction():
        raise ZeroDivisionError
    assert not in_transaction()


async def test_a_task_started_inside_is_free_once_the_transaction_ended():
    ended = asyncio.Event()

    async def later() -> tuple[bool, bool]:
        before = in_transaction()
        await ended.wait()
        return before, in_transaction()

    with transaction():
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
    ended.set()
    assert await task == (True, False)


async def test_other_tasks_do_not_see_the_mark():
    async def other() -> bool:
        return in_transaction()

    task = asyncio.create_task(other())
    with transaction():
        assert not await task


def test_may_be_left_out_of_order():
    first, second = transaction(), transaction()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert in_transaction()
    second.__exit__(None, None, None)
    assert not in_transaction()


def test_marks_closed_elsewhere_do_not_pile_up():
    for _ in range(5000):
        left = transaction()
        left.__enter__()
        copy_context().run(left.__exit__, None, None, None)
    assert not in_transaction()
    with transaction() as mark:
        assert mark._outer is None
