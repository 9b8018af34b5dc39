"""What the doctor says of background work and of the browser files."""

import json

from sqlalchemy import text

from core.cli import doctor
from core.ext.specs import Check
from core.kernel.ids import uuid7
from core.web.checks import missing
from core.work.checks import queue_problems


async def job(runtime, tenant, state, minutes):
    statement = text(
        "INSERT INTO cell.job "
        "(id, run_id, tenant_role, tenant_id, state, kind, name, params, actor, run_at, started_at) "
        "VALUES (:id, :id, :role, :tenant, :state, 'event', 'x', '{}', '{}', "
        "now() - make_interval(mins => :minutes), now() - make_interval(mins => :minutes))"
    )
    values = {"id": uuid7(), "role": tenant.schema, "tenant": tenant.id, "state": state, "minutes": minutes}
    async with runtime.databases.cell("main") as unit:
        await unit.session.execute(statement, values)
        await unit.commit()


async def test_jobs_that_nobody_does_are_named(runtime, tenant, committing):
    assert await queue_problems(runtime) == []
    await job(runtime, tenant, "ready", 1)
    assert await queue_problems(runtime) == []
    await job(runtime, tenant, "ready", 10)
    await job(runtime, tenant, "running", 60 * 30)
    late, stuck = await queue_problems(runtime)
    assert "1 jobs of cell main wait since" in late
    assert "no worker runs" in late
    assert "more than a day" in stuck


def test_missing_browser_files_are_named(tmp_path):
    assert "make setup" in missing(tmp_path)[0]
    (tmp_path / "manifest.json").write_text(
        json.dumps({"source": {}, "files": {"htmx.min.js": "0", "a.js": "0"}})
    )
    (tmp_path / "a.js").touch()
    assert missing(tmp_path) == [f"{tmp_path / 'htmx.min.js'} is missing; `make setup` fetches it"]


async def test_the_doctor_runs_every_declared_check(registry, runtime, committing):
    async def broken(runtime):
        raise RuntimeError("boom")

    declared = [*registry.items(Check), Check(key="broken", title="", run=broken)]
    assert {"queue", "pages"} <= {check.key for check in declared}
    results = {check.key: await doctor.declared_result(runtime, check) for check in declared}
    assert results["queue"].problems == ()
    assert "boom" in results["broken"].problems[0]
