"""Files of other kinds of record, and imports that are interrupted."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.activities.tasks.models import Task
from core.customers.models import Customer
from core.imports import jobs, service_rows
from core.imports.models import ImportRow, ImportRun
from core.kernel.errors import NotFound
from core.kernel.events.models import EventRow
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal
from tests.core.imports.test_rules import counts, everything, get, run, send
from tests.fixtures.import_files import TITLES, line, rows


async def test_leads(ann, drain):
    text = "姓名,公司,手机,来源,热度\n张伟,恒通贸易,+8613800138000,展会,hot\n李娜,,坏,,\n"
    found = await run(ann, drain, text, "lead")
    assert counts(found) == (1, 0, 0, 1)
    (lead,) = await everything(ann, Lead)
    assert (lead.name, lead.company, lead.source, lead.rating) == ("张伟", "恒通贸易", "展会", "hot")


async def test_tasks(ann, drain):
    text = "任务,截止日期,负责人\n打电话,2030-01-02,ann\n没人,2030-01-02,查无此人\n"
    found = await run(ann, drain, text, "task")
    assert counts(found) == (1, 0, 0, 1)
    async with ann.ctx() as ctx:
        task = await ctx.session.scalar(select(Task))
        assert (task.title, task.due_on.isoformat(), task.owner_id) == ("打电话", "2030-01-02", ann.member_id)


async def test_deals_find_their_customers_stages_and_sums(ann, drain):
    pipeline = (await ann.api.post("/pipelines", json={"name": "Export"})).json()
    body = {"pipeline_id": pipeline["id"], "name": "Offered", "probability": 40}
    stage = (await ann.api.post("/stages", json=body)).json()
    await run(ann, drain, "name\nAda Ltd\n")
    text = (
        "商机名称,客户名称,阶段,金额,币种,预计成交日期\n"
        'Big,Ada Ltd,offered,"1,234.50",USD,2030-03-01\nBad,Ada Ltd,Nowhere,12,USD,\nWorse,Ada Ltd,Offered,viel,USD,\n'
    )
    found = await run(ann, drain, text, "deal", create_missing=False)
    assert counts(found) == (1, 0, 0, 2), (await ann.api.get(f"/imports/{found['id']}/errors")).text
    (deal,) = await everything(ann, Deal)
    assert (deal.amount_minor, deal.currency, str(deal.stage_id)) == (123_450, "USD", stage["id"])
    assert deal.customer_id is not None


@pytest.mark.parametrize("fails_at", [1, 3, 5])
async def test_an_interrupted_import_goes_on_and_writes_each_row_once(ann, drain, monkeypatch, fails_at):
    monkeypatch.setattr(jobs, "BATCH", 40)
    calls = 0
    finish = service_rows._note_errors

    async def broken(*args):
        nonlocal calls
        calls += 1
        await finish(*args)
        if calls == fails_at:
            raise RuntimeError("killed in the middle of a step")

    monkeypatch.setattr(service_rows, "_note_errors", broken)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda attempts: 0.0)
    text = "\n".join([",".join(TITLES), *map(line, rows(210)), ",坏"])
    import_id = await send(ann, text, start="run")
    await drain()
    found = await get(ann, import_id)
    assert (found["state"], *counts(found)) == ("done", 210, 0, 0, 1)
    async with ann.ctx() as ctx:
        for model in (Customer, ImportRow):
            assert await ctx.session.scalar(select(func.count()).select_from(model)) == 210
        created = select(func.count()).select_from(EventRow).where(EventRow.name == "customer.created")
        assert await ctx.session.scalar(created) == 210
        numbers = list(await ctx.session.scalars(select(Customer.number)))
        assert len(set(numbers)) == 210


async def test_old_files_are_forgotten_and_the_import_can_still_be_reverted(ann, drain, runtime):
    found = await run(ann, drain, "name\nAda\nBea\n")
    async with ann.acting() as ctx:
        past = ctx.now() - timedelta(days=31)
        await ctx.session.execute(update(ImportRun).values(created_at=past))
        digest = await ctx.session.scalar(select(ImportRun.rows_sha256))
        ctx.enqueue(jobs.FORGET, jobs.Nothing())
    assert runtime.files.path(ann.tenant.schema, digest).exists()
    await drain()
    with pytest.raises(NotFound):
        runtime.files.path(ann.tenant.schema, digest)
    await ann.api.post(f"/imports/{found['id']}/revert")
    await drain()
    assert await everything(ann, Customer) == []
