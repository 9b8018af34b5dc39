"""Members, departments and shares: what is refused, and what changes nothing."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from core.access import service, units
from core.access.decide import Decision
from core.access.models import Member
from core.access.policy import Policy
from core.access.schema import MemberIn, MemberPatch, ShareIn, UnitIn
from core.access.visible import visible
from core.contacts.models import Contact
from core.customers.models import Customer
from core.kernel.errors import Conflict, Invalid
from core.kernel.events.models import EventRow
from tests.core.activities.test_activities import customer
from tests.fixtures.people import Person


def test_a_decision_is_as_true_as_its_answer() -> None:
    assert Decision(True, "")
    assert not Decision(False, "")


async def test_a_change_that_changes_nothing_is_not_told(ann: Person) -> None:
    async with ann.acting() as ctx:
        member = await ctx.session.get_one(Member, ann.member_id)
        before = await ctx.session.scalar(select(func.count()).select_from(EventRow))
        version = member.version
        assert await service.update_member(ctx, member, MemberPatch(name=member.name)) is member
        await ctx.flush()
        assert member.version == version
        assert await ctx.session.scalar(select(func.count()).select_from(EventRow)) == before


async def test_an_owner_goes_where_another_stays(ann: Person) -> None:
    async with ann.ctx() as ctx:
        other = await service.add_member(ctx, MemberIn(name="Ola", email="ola@acme.test", role="owner"))
        me = await ctx.session.get_one(Member, ann.member_id)
        await service.update_member(ctx, other, MemberPatch(role="admin"))
        with pytest.raises(Conflict):
            await service.update_member(ctx, me, MemberPatch(role="admin"))
        await service.update_member(ctx, other, MemberPatch(role="owner"))
        await service.update_member(ctx, me, MemberPatch(active=False))
        assert not me.active


async def test_nothing_is_shared_with_nobody(ann: Person) -> None:
    customer_id = await customer(ann)
    async with ann.ctx() as ctx:
        record = await ctx.session.get_one(Customer, UUID(customer_id))
        data = ShareIn(record_type="customer", record_id=record.id, member_id=uuid4())
        with pytest.raises(Invalid) as refused:
            await service.share(ctx, record, data)
    assert [error.path for error in refused.value.errors] == ["member_id"]


async def test_a_department_stands_below_one_that_is_there(ann: Person) -> None:
    async with ann.ctx() as ctx:
        with pytest.raises(Invalid) as refused:
            await units.create_unit(ctx, UnitIn(name="East", parent_id=uuid4()))
    assert [error.path for error in refused.value.errors] == ["parent_id"]


async def test_who_is_no_member_has_nothing_shared(ann: Person) -> None:
    customer_id = await customer(ann)
    async with ann.ctx() as ctx:
        record = await ctx.session.get_one(Customer, UUID(customer_id))
        actor = SimpleNamespace(kind="key", member_id=None, grants={"customers.view": "own"}, team_ids=())
        other = SimpleNamespace(actor=actor, session=None)
        decision = await Policy().decide(other, "customers.view", record)
    assert not decision.allowed


def test_what_is_restricted_is_in_lists_and_changed_by_nobody() -> None:
    actor = SimpleNamespace(kind="member", member_id=uuid4(), grants={}, team_ids=())
    actor.grants |= {"contacts.view": "all", "contacts.edit": "all"}
    assert "restricted_at" not in str(visible(actor, Contact, "contacts.view"))
    assert "contact.restricted_at IS NULL" in str(visible(actor, Contact, "contacts.edit"))
