"""Fields that a form sends along and nobody changed."""

from tests.fixtures.people import Person


async def made(person: Person, path: str, **values: object) -> dict[str, object]:
    answer = await person.api.post(path, json=values)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_what_one_may_not_choose_may_stay_as_it_is(ann: Person, bo: Person) -> None:
    customer = await made(ann, "/customers", name="Halden Marine")
    values = {"name": "Cyd", "customer_id": customer["id"], "owner_id": str(bo.member_id)}
    contact = await made(ann, "/contacts", **values)
    assert (await bo.api.get(f"/customers/{customer['id']}")).status_code == 404
    sent = {**values, "name": "Cyd Noor", "version": str(contact["version"])}
    saved = await bo.post(f"/contacts/{contact['id']}/edit", sent)
    assert saved.status_code == 303, saved.text
    found = (await bo.api.get(f"/contacts/{contact['id']}")).json()
    assert (found["name"], found["customer_id"]) == ("Cyd Noor", customer["id"])
    other = await made(ann, "/customers", name="Brass & Co")
    refused = await bo.api.patch(f"/contacts/{contact['id']}", json={"customer_id": other["id"]})
    assert refused.status_code == 422


async def test_records_of_who_left_can_still_be_changed(ann: Person, bo: Person) -> None:
    customer = await made(bo, "/customers", name="Halden Marine")
    gone = await ann.api.patch(f"/members/{bo.member_id}", json={"active": False})
    assert gone.status_code == 200
    sent = {"name": "Halden", "owner_id": str(bo.member_id), "version": str(customer["version"])}
    saved = await ann.post(f"/customers/{customer['id']}/edit", sent)
    assert saved.status_code == 303, saved.text
    line = f'{{"name": "Halden Marine", "external_id": "x-1", "owner_id": "{bo.member_id}"}}'
    await ann.api.patch(f"/customers/{customer['id']}", json={"external_id": "x-1"})
    written = await ann.api.post("/customers/bulk?upsert=1", content=line.encode())
    assert written.json()["updated"] == 1, written.text
