"""Deals and leads notice what is logged about them."""

from datetime import date

from tests.core.pipeline.conftest import sent


async def test_logging_a_call_touches_deal_and_lead(ann):
    deal = await sent(ann, "/deals", name="A")
    lead = await sent(ann, "/leads", name="王芳")
    for key, record in (("deal_id", deal), ("lead_id", lead)):
        body = {"kind": "call", "body": "x", key: record["id"], "next_follow_up_on": "2030-01-02"}
        await sent(ann, "/activities", **body)
        path = f"/{key.removesuffix('_id')}s/{record['id']}"
        now = (await ann.api.get(path)).json()
        assert now["last_contacted_at"]
        assert now["next_follow_up_on"] == date(2030, 1, 2).isoformat()
        assert now["version"] == record["version"]


async def test_a_note_is_no_contact(ann):
    deal = await sent(ann, "/deals", name="A")
    await sent(ann, "/activities", kind="note", body="x", deal_id=deal["id"])
    assert (await ann.api.get(f"/deals/{deal['id']}")).json()["last_contacted_at"] is None
