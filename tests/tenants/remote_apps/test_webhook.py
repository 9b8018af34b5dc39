"""The webhook of a remote app: shown among the others, and changed on the app's page alone."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from core.webhooks import signing
from core.webhooks.models import Endpoint
from tests.core.webhooks.acting import customer, log, seen, tell
from tests.tenants.remote_apps.conftest import apps_of, make


@pytest.fixture
async def made(ann, author, drain):
    """An app whose webhook is there."""
    found = await make(ann, author)
    await drain()
    return found


async def endpoint_of(ann, made):
    async with ann.ctx() as ctx:
        return await ctx.session.get(Endpoint, made.id)


def plain(endpoint):
    return {name: getattr(endpoint, name) for name in ("url", "events", "bounds", "secret", "member_id")}


async def test_it_leads_to_its_app_and_shows_no_way_to_change_it(ann, made):
    path = f"/settings/webhooks/{made.id}"
    page = (await ann.page.get(ann.w(path))).text
    assert f'href="{ann.w(f"/remote-apps/{made.id}")}"' in page
    for gone in (f"{path}/edit", f"{path}/delete", f"{path}/rotate"):
        assert gone not in page
    for there in (f"{path}/pause", f"{path}/test", f"{path}/resend"):
        assert there in page
    assert (await seen(ann, {"id": made.id}))["kept_at"] == f"/remote-apps/{made.id}"


@pytest.mark.parametrize("verb", ["edit", "rotate", "delete"])
async def test_it_is_changed_nowhere_else(ann, author, made, verb):
    before = plain(await endpoint_of(ann, made))
    forms = {
        "edit": {"url": author.receiver.url("elsewhere"), "events": "*"},
        "rotate": {"overlap_hours": "0"},
        "delete": {},
    }
    calls = {
        "edit": ("PATCH", "", {"events": ["*"]}),
        "rotate": ("POST", "/rotate", {}),
        "delete": ("DELETE", "", None),
    }
    answer = await ann.post(f"/settings/webhooks/{made.id}/{verb}", forms[verb])
    assert answer.status_code == 409
    assert ann.w(f"/remote-apps/{made.id}") in answer.text
    assert "belongs to Shipping" in answer.text
    method, path, body = calls[verb]
    refused = await ann.api.request(method, f"/webhooks/{made.id}{path}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook.kept")
    assert ann.w(f"/remote-apps/{made.id}") in refused.json()["detail"]
    if verb == "edit":
        assert (await ann.page.get(ann.w(f"/settings/webhooks/{made.id}/edit"))).status_code == 409
    assert plain(await endpoint_of(ann, made)) == before


async def test_its_log_and_what_holds_it_back_stay(ann, author, made, drain):
    hook = {"id": made.id}
    await tell(ann, hook, "pause")
    await customer(ann)
    await drain()
    assert author.receiver.got == []
    await tell(ann, hook, "resume")
    await drain()
    [delivery] = await log(ann, hook)
    assert (await ann.api.post(f"/deliveries/{delivery['id']}/resend")).status_code < 300
    await drain()
    await tell(ann, hook, "resend", since="2026-01-01T00:00:00Z", which="all")
    await tell(ann, hook, "test", event="customer.created")
    await drain()
    assert len(author.receiver.got) == 4


async def test_its_app_changes_and_removes_it(ann, author, made, drain):
    form = author.form(webhook_url=author.receiver.url("elsewhere"))
    assert (await ann.post(f"/remote-apps/{made.id}/edit", form)).status_code == 303
    await drain()
    assert (await endpoint_of(ann, made)).url == author.receiver.url("elsewhere")
    assert (await ann.post(f"/remote-apps/{made.id}/remove")).status_code == 303
    await drain()
    assert await endpoint_of(ann, made) is None
    assert await apps_of(ann) == []


@pytest.mark.parametrize("verb", ["change", "rotate", "delete"])
async def test_in_a_copy_where_there_is_no_app_it_is_one_like_any_other(ann, zed, made, verb):
    async with zed.acting() as ctx:
        sealed = signing.seal(ctx, made.id, "whsec_foreign")
    async with ann.acting() as ctx:
        await ctx.session.execute(update(Endpoint).values(secret=sealed))
    path = f"/webhooks/{made.id}"
    assert f"{path}/edit" in (await ann.page.get(ann.w(f"/settings{path}"))).text
    if verb == "delete":
        assert (await ann.api.delete(path)).status_code == 204
        return
    done = await (
        ann.api.post(f"{path}/rotate", json={})
        if verb == "rotate"
        else ann.api.patch(path, json={"description": "ours"})
    )
    assert (done.status_code, done.json()["kept_at"]) == (200, "")
