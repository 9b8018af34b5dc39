"""The control plane's log."""

import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from core.access.events import RoleChanged
from core.imports.jobs import FORGET, Nothing
from core.tenancy.control_log import ControlEvent, ControlOutbox


async def test_an_event_says_who_did_what_from_where(runtime, ann, committing):
    event = RoleChanged(subject_id=uuid.uuid4(), label="Clerk", changes={"name": ("a", "b")})
    async with runtime.control(ann.principal, request_id="req-1", address="192.0.2.7") as control:
        control.emit(event, tenant_id=ann.tenant.id)
    async with runtime.databases.control() as unit:
        mine = sa.select(ControlEvent).where(ControlEvent.record_id == event.subject_id)
        row = (await unit.session.scalars(mine)).one()
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
        event = RoleChanged(subject_id=uuid.uuid4())
        control.emit(event)
        control.enqueue(FORGET, Nothing(), tenant_id=ann.tenant.id)
        control.roll_back()
    async with runtime.databases.control() as unit:
        mine = sa.select(ControlEvent).where(ControlEvent.record_id == event.subject_id)
        for statement in (mine, sa.select(ControlOutbox)):
            assert not (await unit.session.scalars(statement)).all()
