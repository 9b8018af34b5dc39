"""The cards of deals on the Today page and beside other records."""

from datetime import timedelta

from sqlalchemy import update

from core.pipeline.models import Deal
from tests.core.pipeline.conftest import sent


async def seen(person, path):
    answer = await person.page.get(person.w(path))
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


async def test_what_closes_soon_or_stands_still_needs_a_look(ann, bo):
    assert "All is on its way" in await seen(ann, "/widgets/deals-closing")
    async with ann.ctx() as ctx:
        today, now = ctx.today(), ctx.now()
    await sent(ann, "/deals", name="Soon", expected_close_on=str(today + timedelta(days=5)))
    await sent(ann, "/deals", name="Late", expected_close_on=str(today - timedelta(days=5)))
    await sent(ann, "/deals", name="Far", expected_close_on=str(today + timedelta(days=50)))
    stale = await sent(ann, "/deals", name="Stale")
    await sent(bo, "/deals", name="His", expected_close_on=str(today))
    async with ann.acting() as ctx:
        moved = update(Deal).where(Deal.id == stale["id"])
        await ctx.session.execute(moved.values(stage_entered_at=now - timedelta(days=40)))
    card = await seen(ann, "/widgets/deals-closing")
    assert [name for name in ("Late", "Soon", "Stale", "Far", "His") if name in card] == [
        "Late",
        "Soon",
        "Stale",
    ]
    assert "40 days in this stage" in card


async def test_the_funnel_links_to_the_deals_behind_it(ann, rea):
    await sent(ann, "/deals", name="A", amount_minor=1_000_000_00)
    card = await seen(rea, "/widgets/funnel")
    assert "First contact" in card
    assert "$1M" in card
    assert "stage_id:eq:" in card


async def test_deals_stand_beside_their_customer_and_contact(ann):
    customer = await sent(ann, "/customers", name="恒通贸易")
    contact = await sent(ann, "/contacts", name="王芳", customer_id=customer["id"])
    deal = await sent(ann, "/deals", name="首单", customer_id=customer["id"], contact_id=contact["id"])
    for path in (f"customer/{customer['id']}", f"contact/{contact['id']}"):
        assert "首单" in await seen(ann, f"/panels/{path}/side/deals")
    beside = await seen(ann, f"/panels/deal/{deal['id']}/side/customer")
    assert "恒通贸易" in beside
    assert "王芳" in beside
