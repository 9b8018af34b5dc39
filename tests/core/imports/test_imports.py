"""Imports through the API and the pages, up to the acceptance file."""

import csv
import io

from sqlalchemy import func, select

from core.customers.models import Customer
from core.imports.models import ImportRow
from tests.fixtures.import_files import BAD_OF_ACCEPTANCE, acceptance


async def send(person, content, name="customers.csv", **fields):
    return await person.api.post(
        "/imports", files={"file": (name, content)}, data={"record_type": "customer", **fields}
    )


async def shown(person, answer):
    return (await person.api.get(f"/imports/{answer.json()['id']}")).json()


async def test_the_acceptance_file_brings_all_good_rows_and_its_errors_exactly(ann, drain):
    content, bad = acceptance(owner="Ann")
    answer = await send(ann, content, start="run")
    assert answer.status_code == 201, answer.text
    assert answer.json()["about"]["encoding"] == "gb18030"
    assert answer.json()["mapping"] == [
        "name", "mobile", "phone", "email", "owner_id", "city", "stage", "staff_count", "website",
        "next_follow_up_on", "tags", "notes",
    ]  # fmt: skip
    await drain()
    run = await shown(ann, answer)
    assert run["state"] == "done"
    assert (run["created"], run["failed"], run["skipped"]) == (
        1_000 - BAD_OF_ACCEPTANCE,
        BAD_OF_ACCEPTANCE,
        0,
    )
    found = await ann.api.get(f"/imports/{run['id']}/errors")
    rows = list(csv.reader(io.StringIO(found.content.decode("utf-8-sig"))))
    assert rows[0][-3:] == ["Row", "Field", "Reason"]
    assert [int(row[-3]) for row in rows[1:]] == [one.row_no for one in bad]
    assert [bool(row[-2]) for row in rows[1:]] == [bool(one.field) for one in bad]
    assert all(row[-1] for row in rows[1:])
    async with ann.ctx() as ctx:
        assert await ctx.session.scalar(select(func.count()).select_from(Customer)) == run["created"]
        assert await ctx.session.scalar(select(func.count()).select_from(ImportRow)) == run["created"]


async def test_through_the_pages(ann, drain):
    content, _ = acceptance(60)
    page = await ann.page.get(ann.w("/imports/new?type=customer"))
    assert page.status_code == 200, page.text
    answer = await ann.post("/imports", {"record_type": "customer"}, files={"file": ("名单.csv", content)})
    assert answer.status_code == 303, answer.text
    here = answer.headers["location"].removeprefix(ann.w(""))
    mapping = await ann.page.get(ann.w(here))
    assert mapping.status_code == 200
    assert "公司名称" in mapping.text
    run_id = here.rpartition("/")[2]
    run = (await ann.api.get(f"/imports/{run_id}")).json()
    form = {f"column.{at}": name for at, name in enumerate(run["mapping"])}
    answer = await ann.post(
        f"{here}/mapping", {**form, "rule": "skip", "match": ["phone", "name"], "go": "check"}
    )
    assert answer.status_code == 303, answer.text
    assert "progress" in (await ann.page.get(ann.w(here))).text
    await drain()
    checked = await ann.page.get(ann.w(here))
    assert "Would be created" in checked.text
    assert (await ann.api.get("/customers")).json()["data"] == []
    answer = await ann.post(f"{here}/run")
    assert answer.status_code == 303, answer.text
    await drain()
    done = await ann.page.get(ann.w(here))
    assert "Refused rows" in done.text
    run = (await ann.api.get(f"/imports/{run_id}")).json()
    assert (run["state"], run["created"]) == ("done", 60 - BAD_OF_ACCEPTANCE)
    assert (await ann.page.get(ann.w(f"{here}/errors.csv"))).status_code == 200
    assert (await ann.page.get(ann.w("/imports"))).status_code == 200
