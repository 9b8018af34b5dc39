"""That a module rests is noted in the directory, by the worker that finds it out."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from core.ext.specs import JobSpec
from core.kernel.jobs.circuit import FAILURES_TO_OPEN
from core.runtime import Runtime
from core.tenancy.directory import TenantRow
from core.tenancy.resting import resting
from core.worker import worker
from tests.fixtures.people import Person

NAME = "testing.tired"


class Params(msgspec.Struct):
    fails: bool


async def handler(run: Any) -> None:
    if run.params.fails:
        raise ValueError("dry")


async def notices(runtime: Runtime, person: Person) -> dict[str, str]:
    async with runtime.control() as control:
        chosen = select(TenantRow.notices).where(TenantRow.id == person.tenant.id)
        return dict(await control.session.scalar(chosen) or {})


async def test_a_module_that_keeps_failing_is_noted_until_it_works_again(
    runtime: Runtime, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = JobSpec(plugin="webhooks", name=NAME, handler=handler, params=Params, retries=0)
    monkeypatch.setitem(runtime.registry.jobs, NAME, spec)
    monkeypatch.setattr("core.kernel.jobs.circuit.OPEN_FOR", timedelta(0))
    async with runtime.control() as control:
        told = update(TenantRow).where(TenantRow.id == ann.tenant.id).values(notices={"billing": "ending"})
        await control.session.execute(told)
    [cell] = worker(runtime).cells

    async def happens(*fails: bool) -> None:
        async with ann.acting() as ctx:
            for each in fails:
                ctx.enqueue(NAME, Params(fails=each))
        while await cell.work_once():
            pass

    await happens(*[True] * (FAILURES_TO_OPEN - 1))
    assert await notices(runtime, ann) == {"billing": "ending"}
    await happens(True)
    assert set(await notices(runtime, ann)) == {"billing", "resting:webhooks"}
    runtime.directory.forget()
    async with runtime.open(await runtime.tenant(ann.tenant.id), readonly=True) as ctx:
        assert set(resting(ctx)) == {"webhooks"}
    await happens(False)
    assert await notices(runtime, ann) == {"billing": "ending"}
