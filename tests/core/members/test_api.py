from uuid import uuid4

from tenants.api_keys import service as keys
from tests.fixtures.people import Person


async def test_members_are_listed_added_and_changed(ann: Person) -> None:
    names = [member["name"] for member in (await ann.api.get("/members")).json()["data"]]
    assert {"Ann", "Mia", "Bo", "Rea"} <= set(names)
    added = await ann.api.post("/members", json={"name": "Dee", "email": "DEE@acme.test", "role": "manager"})
    assert added.status_code == 201, added.text
    dee = added.json()
    assert dee["email"] == "dee@acme.test"
    assert (await ann.api.post("/members", json={"name": "D", "email": "dee@acme.test"})).status_code == 409
    gone = await ann.api.patch(f"/members/{dee['id']}", json={"active": False})
    assert gone.json()["active"] is False
    assert "Dee" not in [m["name"] for m in (await ann.api.get("/members")).json()["data"]]
    assert "Dee" in [m["name"] for m in (await ann.api.get("/members?inactive=1")).json()["data"]]


async def test_roles_and_departments_must_exist(ann: Person) -> None:
    wrong = await ann.api.post(
        "/members", json={"name": "D", "email": "d@acme.test", "role": "king", "unit_id": str(uuid4())}
    )
    assert {error["path"] for error in wrong.json()["errors"]} == {"role", "unit_id"}


async def test_everybody_changes_himself_and_only_managers_others(bo: Person, ann: Person) -> None:
    own = f"/members/{bo.member_id}"
    assert (await bo.api.patch(own, json={"name": "Bob", "timezone": "Asia/Tokyo"})).status_code == 200
    assert (await bo.api.patch(own, json={"role": "owner"})).status_code == 403
    assert (await bo.api.patch(f"/members/{ann.member_id}", json={"name": "X"})).status_code == 403
    assert (await bo.api.post("/members", json={"name": "D", "email": "d@acme.test"})).status_code == 403


async def test_a_key_that_only_reads_changes_nobody(bo: Person) -> None:
    async with bo.runtime.control() as control:
        data = {"tenant_id": bo.tenant.id, "member_id": bo.member_id, "name": "reader"}
        text, _ = await keys.issue(control, keys.KeyIn(**data, scopes=["members:read"]))
    reader, own = {"Authorization": f"Bearer {text}"}, f"/members/{bo.member_id}"
    assert (await bo.api.get(own, headers=reader)).status_code == 200
    assert (await bo.api.patch(own, json={"name": "Bob"}, headers=reader)).status_code == 403


async def test_a_workspace_keeps_an_owner(ann: Person) -> None:
    for change in ({"role": "member"}, {"active": False}):
        answer = await ann.api.patch(f"/members/{ann.member_id}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "member.last_owner")


async def test_other_tenants_members_are_not_there(ann: Person, zed: Person) -> None:
    assert (await zed.api.get(f"/members/{ann.member_id}")).status_code == 404
    assert "Ann" not in [m["name"] for m in (await zed.api.get("/members")).json()["data"]]


async def test_departments_form_a_tree_that_teams_follow(ann: Person, mia: Person, bo: Person) -> None:
    async def make(name: str, parent: str | None = None) -> str:
        answer = await ann.api.post("/units", json={"name": name, "parent_id": parent})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    sales, east = await make("Sales"), ""
    east = await make("East", sales)
    team = await make("Team", east)
    await ann.api.patch(f"/members/{mia.member_id}", json={"unit_id": sales})
    await ann.api.patch(f"/members/{bo.member_id}", json={"unit_id": team})
    async with mia.runtime.open(mia.tenant) as ctx:
        from core.access.queries import standing

        found = await standing(ctx.session, member_id=mia.member_id)
        assert found is not None
        assert found.team_ids == {mia.member_id, bo.member_id}
    cycle = await ann.api.patch(f"/units/{sales}", json={"parent_id": team})
    assert cycle.status_code == 422
    moved = await ann.api.patch(f"/units/{east}", json={"parent_id": None})
    assert moved.status_code == 200
    async with mia.runtime.open(mia.tenant) as ctx:
        found = await standing(ctx.session, member_id=mia.member_id)
        assert found is not None
        assert found.team_ids == {mia.member_id}
    assert (await ann.api.delete(f"/units/{east}")).status_code == 409
    assert (await ann.api.delete(f"/units/{team}")).status_code == 409
    await ann.api.patch(f"/members/{bo.member_id}", json={"unit_id": None})
    assert (await ann.api.delete(f"/units/{team}")).status_code == 204


async def test_roles_are_described_and_changed(ann: Person, bo: Person) -> None:
    roles = {role["key"]: role for role in (await ann.api.get("/roles")).json()["data"]}
    assert list(roles)[:5] == ["owner", "admin", "manager", "member", "readonly"]
    assert roles["readonly"]["grants"]["members.manage"] == "none"
    body = {"name": "Auditor", "grants": {"members.view": "all", "customers.view": "all"}}
    assert (await ann.api.put("/roles/auditor", json=body)).json()["grants"]["customers.view"] == "all"
    assert (await ann.api.put("/roles/owner", json=body)).status_code == 422
    wrong = await ann.api.put("/roles/auditor", json={"name": "A", "grants": {"moon.view": "all"}})
    assert wrong.json()["errors"][0]["path"] == "grants.moon.view"
    assert (await bo.api.put("/roles/auditor", json=body)).status_code == 403


async def test_a_record_is_shared_and_closed_again(ann: Person, bo: Person) -> None:
    customer = (await ann.api.post("/customers", json={"name": "Halden Marine", "kind": "company"})).json()
    address = f"/customers/{customer['id']}"
    assert (await bo.api.get(address)).status_code == 404
    body = {"record_type": "customer", "record_id": customer["id"], "member_id": str(bo.member_id)}
    shared = await ann.api.post("/shares", json=body)
    assert shared.status_code == 201, shared.text
    assert (await bo.api.get(address)).status_code == 200
    assert (await bo.api.patch(address, json={"name": "X"})).status_code == 403
    assert (await bo.api.post("/shares", json=body)).status_code == 403
    await ann.api.post("/shares", json={**body, "level": "edit"})
    assert (await bo.api.patch(address, json={"name": "Halden"})).status_code == 200
    listed = await ann.api.get(f"/shares?record_type_key=customer&record_id={customer['id']}")
    assert [share["level"] for share in listed.json()["data"]] == ["edit"]
    assert (await ann.api.delete(f"/shares/{shared.json()['id']}")).status_code == 204
    assert (await bo.api.get(address)).status_code == 404


async def test_a_change_of_rights_holds_from_the_next_request_on(ann, bo):
    assert (await bo.api.get("/customers")).status_code == 200
    await ann.api.put("/roles/clerk", json={"name": "Clerk", "grants": {"members.view": "all"}})
    await ann.api.patch(f"/members/{bo.member_id}", json={"role": "clerk"})
    assert (await bo.api.get("/customers")).status_code == 403
    await ann.api.put("/roles/clerk", json={"name": "Clerk", "grants": {"customers.view": "own"}})
    assert (await bo.api.get("/customers")).status_code == 200
