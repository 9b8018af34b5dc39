"""The settings page of invitations."""

from __future__ import annotations

from tests.tenants.invitations.test_invitations import JOIN


async def test_the_page_invites_several_or_none(ann, drain) -> None:
    wrong = await ann.post(
        "/settings/invitations", {"email": "a@b.test, nonsense\nc@d.test", "role": "member"}
    )
    assert wrong.status_code == 422
    assert "nonsense is not" in wrong.text
    assert (await ann.api.get("/invitations")).json()["data"] == []
    both = await ann.post("/settings/invitations", {"email": "a@b.test；c@d.test", "role": "member"})
    assert both.status_code == 303
    link = await ann.post("/settings/invitations/links", {"role": "member", "max_uses": "3", "days": "2"})
    assert link.status_code == 303
    page = (await ann.page.get(ann.w("/settings/invitations"))).text
    assert "a@b.test" in page
    assert "c@d.test" in page
    assert JOIN.search(page)
    found = (await ann.api.get("/invitations")).json()["data"]
    for one in found:
        if one["email"]:
            assert (await ann.post(f"/settings/invitations/{one['id']}/send")).status_code == 303
        assert (await ann.post(f"/settings/invitations/{one['id']}/revoke")).status_code == 303
    assert (await ann.api.get("/invitations")).json()["data"] == []
    many = ",".join(f"p{number}@b.test" for number in range(21))
    assert (await ann.post("/settings/invitations", {"email": many, "role": "member"})).status_code == 422
    assert (await ann.post("/settings/invitations", {"email": "", "role": "member"})).status_code == 422
    bad_link = {"role": "member", "max_uses": "0", "days": "2"}
    assert (await ann.post("/settings/invitations/links", bad_link)).status_code == 422
