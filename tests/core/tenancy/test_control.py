"""The control plane's log, and jobs in a tenant that follow from it."""

import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from core.access.events import RoleChanged
from core.imports.jobs import FORGET, Nothing
from core.tenancy.control_log import ControlEvent, ControlOutbox
from core.worker import follow_up_once


async def test_an_event_says_who_did_what_from_where(runtime, ann, committing):
    event = RoleChanged(subject_id=uuid.uuid4(), label="Clerk", changes={"name": ("a", "b")})
    async with runtime.control(ann.principal, request_id="req-1", address="192.0.2.7") as control:
        control.emit(event, tenant_id=ann.tenant.id)
    async with runtime.databases.control() as unit:
        row = (await unit.session.scalars(sa.select(ControlEvent))).one()
    assert (row.name, row.record_id, row.label) == (event.name, event.subject_id, "Clerk")
    assert (row.tenant_id, row.account_id, row.member_id) == (ann.tenant.id, ann.account_id, ann.member_id)
    assert (row.address, row.request_id, row.changes) == ("192.0.2.7", "req-1", {"name": ["a", "b"]})


@pytest.mark.parametrize("change", [sa.delete(ControlEvent), sa.update(ControlEvent).values(label="")])
async def test_the_log_is_only_ever_added_to(runtime, committing, change):
    async with runtime.databases.control() as unit:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await unit.session.execute(change)


async def test_what_rolls_back_leaves_no_event_and_no_job(runtime, ann, committing):
    async with runtime.control(ann.principal) as control:
        control.emit(RoleChanged(subject_id=uuid.uuid4()))
        control.follow_up(ann.tenant.id, FORGET, Nothing())
        control.roll_back()
    async with runtime.databases.control() as unit:
        for model in (ControlEvent, ControlOutbox):
            assert not (await unit.session.scalars(sa.select(model))).all()


async def test_a_follow_up_becomes_one_job_however_often_it_is_handed_over(runtime, ann, committing):
    async with runtime.control(ann.principal) as control:
        asked = control.follow_up(ann.tenant.id, FORGET, Nothing(), title="Tidy")
    async with runtime.databases.control() as unit:
        (row,) = (await unit.session.scalars(sa.select(ControlOutbox))).all()
        kept = {column.key: getattr(row, column.key) for column in sa.inspect(ControlOutbox).columns}
    assert await follow_up_once(runtime)
    assert not await follow_up_once(runtime)
    async with runtime.databases.control() as unit:
        unit.session.add(ControlOutbox(**kept))
        await unit.commit()
    assert await follow_up_once(runtime)
    async with ann.ctx() as ctx:
        found = await ctx.session.execute(sa.text("SELECT id, member_id, title FROM job_run"))
        assert found.all() == [(asked, ann.member_id, "Tidy")]


async def test_a_follow_up_for_nobody_or_of_an_unknown_kind_is_dropped(runtime, ann, committing):
    async with runtime.control() as control:
        control.follow_up(uuid.uuid4(), FORGET, Nothing())
        control.follow_up(ann.tenant.id, "gone.job", Nothing())
    assert await follow_up_once(runtime)
    assert not await follow_up_once(runtime)


async def test_a_follow_up_for_a_suspended_workspace_waits(runtime, ann, committing):
    async with runtime.control() as control:
        control.follow_up(ann.tenant.id, FORGET, Nothing())
        await control.session.execute(sa.text("UPDATE control.tenant SET state = 'suspended'"))
    runtime.directory.forget()
    assert not await follow_up_once(runtime)
    async with runtime.control() as control:
        await control.session.execute(sa.text("UPDATE control.tenant SET state = 'active'"))
    runtime.directory.forget()
    assert await follow_up_once(runtime)
