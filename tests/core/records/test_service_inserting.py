"""Many records at once: as the session holds them, and with the errors of a flush."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.customers.models import Customer
from core.records.service_inserting import FEW, insert_many


def values(number: int, **more: object) -> dict[str, object]:
    return {"number": f"N{number}", "name": f"n{number}", "name_key": f"n{number}", "tags": ["a"], **more}


@pytest.mark.parametrize("count", [1, FEW, 3 * FEW])
async def test_records_are_there_with_their_defaults_and_can_be_changed(ctx, count):
    records = await insert_many(ctx, Customer, [values(number) for number in range(count)])
    assert (records[0].kind, records[0].version, records[0].tags) == ("company", 1, ["a"])
    assert records[0].created_at is not None
    records[-1].city = "Linz"
    await ctx.session.flush()
    ctx.session.expire_all()
    found = list(await ctx.session.scalars(select(Customer).order_by(Customer.id)))
    assert len(found) == count
    assert {(one.city, one.version) for one in found if one.id == records[-1].id} == {("Linz", 2)}


async def test_what_the_database_refuses_is_an_error_of_the_orm(ctx):
    rows = [values(number % (2 * FEW)) for number in range(3 * FEW)]
    with pytest.raises(IntegrityError):
        async with ctx.attempt():
            await insert_many(ctx, Customer, rows)
    assert await ctx.session.scalar(select(Customer)) is None
