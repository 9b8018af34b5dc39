"""What nobody means is refused, and never an error of ours."""

import pytest

from tests.fixtures.people import Person


@pytest.mark.parametrize("path", ["/changes?types=%00", "/jobs?state=%00", "/views?record_type=%00"])
async def test_a_zero_byte_in_an_address_is_refused(ann: Person, path: str) -> None:
    assert (await ann.api.get(path)).status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
async def test_days_at_the_end_of_the_calendar_are_refused(ann: Person, day: str) -> None:
    assert (await ann.api.post("/tasks", json={"title": "x", "due_on": day})).status_code == 422
    quick = await ann.post("/tasks/quick", {"title": "x", "due_on": day, "at": "23:59"})
    assert quick.status_code == 422


async def test_a_deal_goes_back_to_no_time_before_all_times(ann: Person) -> None:
    deal = (await ann.api.post("/deals", json={"name": "A"})).json()
    place = f"stage={deal['stage_id']}&rank=1&since=0001-01-01T00:00:00%2B14:00"
    assert (await ann.post(f"/deals/{deal['id']}/put-back?{place}")).status_code == 400
