"""Remote apps: made in one act, shown once, paused at once, and never wider than a person agreed to."""

from __future__ import annotations

from sqlalchemy import select

from core.tenancy.control_log import ControlEvent
from core.webhooks.models import Endpoint
from tests.tenants.remote_apps.conftest import KEY, SECRET, apps_of, asked, make


async def log_of(person):
    async with person.runtime.control() as control:
        found = select(ControlEvent.name).where(ControlEvent.tenant_id == person.tenant.id)
        return list(await control.session.scalars(found.order_by(ControlEvent.id)))


async def endpoint_of(person, app_id):
    async with person.ctx() as ctx:
        return await ctx.session.get(Endpoint, app_id)


async def new_customer(person, name="宏达五金"):
    answer = await person.api.post("/customers", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_an_app_is_made_in_one_act_and_works(ann, author, drain):
    made = await make(ann, author)
    assert made.key
    assert made.secret
    assert await asked(ann, made.key) == 200
    assert await asked(ann, made.key, "/contacts") == 403
    await drain()
    customer = await new_customer(ann)
    await drain()
    [got] = author.receiver.got
    assert got.verified(made.secret)["type"] == "customer.created"
    panel = (await ann.page.get(ann.w(f"/panels/customer/{customer}/side/remote_apps"))).text
    assert f"/remote-apps/{made.id}/panels/0/{customer}" in panel
    log = await log_of(ann)
    assert "remote_app.agreed" in log
    assert "api_key.created" in log


async def test_key_and_secret_are_shown_once(ann, author, drain):
    assert (await ann.page.get(ann.w("/remote-apps/new"))).status_code == 200
    first = await ann.post("/remote-apps/new", author.form(_key="the-same"))
    assert KEY.search(first.text)
    assert SECRET.search(first.text)
    assert (await ann.post("/remote-apps/new", author.form(_key="the-same"))).status_code == 409
    [app] = await apps_of(ann)
    await drain()
    for path in (
        "/marketplace",
        f"/remote-apps/{app.id}",
        f"/remote-apps/{app.id}/edit",
        f"/settings/webhooks/{app.id}",
    ):
        shown = await ann.page.get(ann.w(path))
        assert shown.status_code == 200, path
        assert not KEY.search(shown.text)
        assert not SECRET.search(shown.text)
    shown = await ann.api.get(f"/remote-apps/{app.id}")
    assert not SECRET.search(shown.text)


async def test_the_marketplace_lists_it_with_its_state_and_last_use(ann, author, bo):
    made = await make(ann, author)
    await asked(ann, made.key)
    listed = (await ann.page.get(ann.w("/marketplace"))).text
    assert "Shipping" in listed
    assert "Last used:" in listed
    assert "Shipping" in (await ann.page.get(ann.w("/marketplace?category=remote"))).text
    assert "Shipping" not in (await ann.page.get(ann.w("/marketplace?q=elsewhere"))).text
    assert "Shipping" not in (await bo.page.get(bo.w("/marketplace"))).text


async def test_paused_it_rests_at_once_and_resumed_it_goes_on(ann, author, drain):
    made, customer = await make(ann, author), await new_customer(ann)
    await drain()
    assert (await ann.post(f"/remote-apps/{made.id}/pause")).status_code == 303
    assert await asked(ann, made.key) == 401
    panel = (await ann.page.get(ann.w(f"/panels/customer/{customer}/side/remote_apps"))).text
    assert "iframe" not in panel
    frame = ann.w(f"/remote-apps/{made.id}/panels/0/{customer}")
    assert (await ann.page.get(frame)).status_code == 404
    await drain()
    assert (await endpoint_of(ann, made.id)).state == "paused"
    before = len(author.receiver.got)
    await new_customer(ann, "二号")
    await drain()
    assert len(author.receiver.got) == before
    shown = (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).text
    assert "Paused" in shown
    assert (await ann.post(f"/remote-apps/{made.id}/resume")).status_code == 303
    assert await asked(ann, made.key) == 200
    assert (await ann.page.get(frame)).status_code == 200
    await drain()
    assert len(author.receiver.got) == before + 1
    assert [name for name in await log_of(ann) if name.startswith("remote_app.")][-2:] == [
        "remote_app.paused",
        "remote_app.resumed",
    ]
    for verb in ("pause", "pause", "resume", "resume"):
        assert (await ann.post(f"/remote-apps/{made.id}/{verb}")).status_code == 303


async def test_an_app_changed_while_it_rests_goes_on_resting(ann, author):
    made = await make(ann, author, **{"scope.customers": "", "webhook_url": "", "events": []})
    assert not made.key
    await ann.post(f"/remote-apps/{made.id}/pause")
    answer = await ann.post(f"/remote-apps/{made.id}/edit", author.form())
    key = KEY.search(answer.text).group(0)
    assert not SECRET.search(answer.text)
    assert await asked(ann, key) == 401
    await ann.post(f"/remote-apps/{made.id}/resume")
    assert await asked(ann, key) == 200


async def test_removed_nothing_of_it_is_left(ann, author, drain):
    made, customer = await make(ann, author), await new_customer(ann)
    await drain()
    assert await endpoint_of(ann, made.id) is not None
    assert (await ann.post(f"/remote-apps/{made.id}/remove")).status_code == 303
    assert await asked(ann, made.key) == 401
    assert "iframe" not in (await ann.page.get(ann.w(f"/panels/customer/{customer}/side/remote_apps"))).text
    await drain()
    assert await endpoint_of(ann, made.id) is None
    assert (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).status_code == 404


async def test_an_edit_narrows_and_widens_the_key_and_the_webhook(ann, author, drain):
    made = await make(ann, author)
    wider = author.form(**{"scope.contacts": "write", "events": ["contact.created", "customer.created"]})
    answer = await ann.post(f"/remote-apps/{made.id}/edit", wider)
    assert answer.status_code == 303
    assert await asked(ann, made.key, "/contacts") == 200
    await drain()
    assert (await endpoint_of(ann, made.id)).events == ["contact.created", "customer.created"]
    narrow = author.form(**{"scope.customers": "", "webhook_url": "", "events": []})
    assert (await ann.post(f"/remote-apps/{made.id}/edit", narrow)).status_code == 303
    assert await asked(ann, made.key) == 401
    await drain()
    assert await endpoint_of(ann, made.id) is None


async def test_its_webhook_tells_no_more_than_its_key_may_read(ann, author, drain):
    made = await make(ann, author, events="*", **{"scope.customers": "", "scope.contacts": "read"})
    await drain()
    await new_customer(ann)
    contact = await ann.api.post("/contacts", json={"name": "张伟"})
    assert contact.status_code == 201
    await drain()
    assert {got.verified(made.secret)["type"] for got in author.receiver.got} == {"contact.created"}


async def test_its_key_is_replaced_with_an_overlap(ann, author):
    made = await make(ann, author)
    answer = await ann.post(f"/remote-apps/{made.id}/key", {"hours": "24"})
    second = KEY.search(answer.text).group(0)
    assert [await asked(ann, key) for key in (made.key, second)] == [200, 200]
    third = KEY.search((await ann.post(f"/remote-apps/{made.id}/key", {"hours": "0"})).text).group(0)
    assert await asked(ann, second) == 401
    assert await asked(ann, third) == 200
    assert (await ann.post(f"/remote-apps/{made.id}/key", {"hours": "999"})).status_code == 422
    shown = (await ann.page.get(ann.w(f"/remote-apps/{made.id}"))).text
    assert "/api/v1/customers" in shown or "/customers" in shown
    await ann.post(f"/remote-apps/{made.id}/pause")
    assert (await ann.post(f"/remote-apps/{made.id}/key", {"hours": "0"})).status_code == 409


async def test_its_secret_is_replaced(ann, author, drain):
    made = await make(ann, author)
    await drain()
    answer = await ann.post(f"/remote-apps/{made.id}/secret")
    secret = SECRET.search(answer.text).group(0)
    assert secret != made.secret
    await drain()
    await new_customer(ann)
    await drain()
    assert author.receiver.got[-1].verified(secret)
    assert "remote_app.secret_replaced" in await log_of(ann)


async def test_all_errors_come_at_once_and_nothing_is_made(ann, author):
    form = author.form(
        **{
            "name": "",
            "scope.boats": "read",
            "events": "boat.sunk",
            "webhook_url": "http://10.0.0.1/hook",
            "panels.0.url": "http://169.254.169.254/",
        }
    )
    answer = await ann.post("/remote-apps/new", form)
    assert answer.status_code == 422
    for text in ("boats:read", "boat.sunk", "f-webhook_url-error", "f-panels.0.url-error", "f-name-error"):
        assert text in answer.text, text
    assert await apps_of(ann) == []
    empty = await ann.post("/remote-apps/new", {"name": "Nothing"})
    assert "can do nothing" in empty.text
    deaf = await ann.post(
        "/remote-apps/new", {"name": "Deaf", "events": "customer.created", "scope.customers": "read"}
    )
    assert "Say where events are to be told" in deaf.text
    blind = await ann.post(
        "/remote-apps/new", {"name": "Blind", "webhook_url": author.receiver.url("ok"), "events": "*"}
    )
    assert "Choose at least one" in blind.text


async def test_only_administrators_let_apps_in(ann, mia, bo, rea, author):
    made = await make(ann, author)
    for person in (mia, bo, rea):
        for path in ("/remote-apps/new", f"/remote-apps/{made.id}", f"/remote-apps/{made.id}/edit"):
            assert (await person.page.get(person.w(path))).status_code == 403, path
        for verb in ("pause", "resume", "remove", "key", "secret", "agree", "decline", "read", "edit"):
            assert (await person.post(f"/remote-apps/{made.id}/{verb}")).status_code == 403, verb
        assert (await person.post("/remote-apps/new", author.form())).status_code == 403
        assert (await person.api.get("/remote-apps")).status_code == 403


async def test_another_workspace_does_not_know_it(ann, zed, author, drain):
    made, customer = await make(ann, author), await new_customer(ann)
    for path in ("", "/edit", "/state", f"/panels/0/{customer}"):
        assert (await zed.page.get(zed.w(f"/remote-apps/{made.id}{path}"))).status_code == 404, path
    for verb in ("pause", "resume", "remove", "key", "secret", "agree", "decline", "read", "edit"):
        assert (await zed.post(f"/remote-apps/{made.id}/{verb}")).status_code == 404, verb
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume")):
        answer = await zed.api.request(method, f"/remote-apps/{made.id}{path}", json={})
        assert answer.status_code == 404, (method, path)
    assert (await zed.api.get("/remote-apps")).json()["data"] == []
    assert await asked(ann, made.key) == 200
