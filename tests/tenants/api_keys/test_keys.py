"""API keys: their form, what they may do, and how they end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.kernel.errors import Forbidden, Invalid, NotFound, PaymentRequired
from core.tenancy.directory import TenantRow
from tenants.api_keys import authentication, format, queries, scopes, service
from tenants.api_keys.models import ApiKey


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()


async def issued(person, **options):
    async with person.runtime.control() as control:
        data = {
            "tenant_id": person.tenant.id,
            "member_id": person.member_id,
            "name": "test",
            "scopes": ["customers:read"],
        }
        text, key = await service.issue(control, service.KeyIn(**{**data, **options}))
        return text, key.id


async def asked(person, key, path="/customers", **options):
    return await person.api.get(path, headers={"Authorization": f"Bearer {key}"}, **options)


def test_a_key_has_a_checksum():
    key = format.new("live")
    assert key.startswith("gx_live_")
    assert format.is_wellformed(key)
    assert not format.is_wellformed(key[:-1] + ("a" if key[-1] != "a" else "b"))
    assert not format.is_wellformed("gx_prod_" + key[8:])
    assert not format.is_wellformed(key.replace(key[10], "é", 1))


async def test_only_its_digest_is_kept(ann):
    text, key_id = await issued(ann)
    async with ann.runtime.control() as control:
        row = await control.session.get(ApiKey, key_id)
        assert text not in repr(vars(row))
        assert row.hint.endswith(text[-4:])


async def test_a_scope_opens_its_resource_alone(ann):
    text, _ = await issued(ann)
    assert (await asked(ann, text)).status_code == 200
    assert (await asked(ann, text, "/contacts")).status_code == 403
    created = await ann.api.post(
        "/customers", json={"name": "x"}, headers={"Authorization": f"Bearer {text}"}
    )
    assert created.status_code == 403


async def test_writing_includes_reading(ann):
    text, _ = await issued(ann, scopes=["customers:write"])
    assert (await asked(ann, text)).status_code == 200


async def test_no_scope_is_no_right(ann):
    text, _ = await issued(ann, scopes=[])
    assert (await asked(ann, text)).status_code == 403


async def test_a_key_never_exceeds_its_member(rea):
    text, _ = await issued(rea, scopes=["customers:write"])
    created = await rea.api.post(
        "/customers", json={"name": "x"}, headers={"Authorization": f"Bearer {text}"}
    )
    assert created.status_code == 403


async def test_a_revoked_key_is_dead(ann):
    text, key_id = await issued(ann)
    assert (await asked(ann, text)).status_code == 200
    async with ann.runtime.control() as control:
        await service.revoke(control, key_id)
    refused = await asked(ann, text)
    assert refused.status_code == 401
    assert refused.json()["code"] == "auth.key"
    async with ann.runtime.control() as control:
        with pytest.raises(NotFound):
            await service.revoke(control, key_id)


async def test_an_expired_key_is_dead(ann):
    async with ann.runtime.control() as control:
        past = control.now() - timedelta(seconds=1)
    text, _ = await issued(ann, expires_at=past)
    assert (await asked(ann, text)).status_code == 401


async def test_rotation_overlaps(ann):
    text, key_id = await issued(ann)
    async with ann.runtime.control() as control:
        successor, _ = await service.rotate(control, key_id, overlap=timedelta(hours=1))
    assert (await asked(ann, text)).status_code == 200
    assert (await asked(ann, successor)).status_code == 200


async def test_a_successor_lives_as_long_and_nothing_dead_comes_back(ann):
    now = ann.runtime.clock.now()
    text, key_id = await issued(ann, expires_at=now + timedelta(days=30))
    async with ann.runtime.control() as control:
        (await control.session.get(ApiKey, key_id)).created_at = now - timedelta(days=60)
        _, successor = await service.rotate(control, key_id, overlap=timedelta(hours=1))
        assert timedelta(days=89) < successor.expires_at - now < timedelta(days=91)
        old = await control.session.get(ApiKey, key_id)
        old.expires_at = now - timedelta(days=1)
        await control.session.flush()
        await service.rotate(control, key_id, overlap=timedelta(hours=1))
    assert (await asked(ann, text)).status_code == 401


async def test_its_last_use_is_kept(ann):
    text, key_id = await issued(ann)
    await asked(ann, text)
    async with ann.runtime.control() as control:
        assert (await control.session.get(ApiKey, key_id)).last_used_at is not None


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer gx_live_" + "a" * 36, "Bearer "])
async def test_what_is_no_key_is_refused(ann, header):
    refused = await ann.api.get("/customers", headers={"Authorization": header})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_key_there_is_nothing(stranger):
    assert (await stranger.get("/api/v1/customers")).status_code == 401


def test_scopes_are_checked_all_at_once(registry):
    with pytest.raises(Invalid) as raised:
        scopes.checked(registry, ["customers:read", "boats:read", "customers:fly"])
    assert [error.params["scope"] for error in raised.value.errors] == ["boats:read", "customers:fly"]
    with pytest.raises(Invalid):
        scopes.checked(registry, [])


def test_all_means_everything_there_is(registry):
    everything = scopes.checked(registry, ["all:read", "all:write"])
    assert everything == sorted(scopes.known(registry))
    assert not [scope for scope in scopes.checked(registry, ["all:read"]) if scope.endswith(":write")]


async def _limited(person, limit):
    """Let the plan have room for so many keys beyond those of the cast."""
    async with person.runtime.control() as control:
        used = await queries.living(control, person.tenant.id)
        values = {"limits": {} if limit is None else {"api_keys": used + limit}}
        await control.session.execute(
            update(TenantRow).where(TenantRow.id == person.tenant.id).values(**values)
        )
        return used


async def _rotated(person, key_id, hours):
    async with person.runtime.control() as control:
        return (await service.rotate(control, key_id, overlap=timedelta(hours=hours)))[1].id


async def test_of_requests_at_once_as_many_pass_as_there_is_room(ann):
    used = await _limited(ann, 2)
    answers = await asyncio.gather(*(issued(ann) for _ in range(6)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, PaymentRequired)]
    assert len(refused) == 4, answers
    assert refused[0].members["limit"] == {"name": "api_keys", "limit": used + 2, "used": used + 2}
    async with ann.runtime.control() as control:
        assert await queries.living(control, ann.tenant.id) == used + 2


async def test_a_plan_that_names_no_limit_has_none(ann):
    await _limited(ann, None)
    await issued(ann)
    async with ann.runtime.control() as control:
        chosen = update(TenantRow).where(TenantRow.id == ann.tenant.id)
        await control.session.execute(chosen.values(limits={"members": 1}))
    await issued(ann)


async def test_rotation_exceeds_the_plan_by_one_for_the_overlap_alone(ann):
    _, key_id = await issued(ann)
    await _limited(ann, 0)
    second = await _rotated(ann, key_id, hours=1)
    with pytest.raises(PaymentRequired):
        await _rotated(ann, second, hours=1)
    third = await _rotated(ann, second, hours=0)
    assert third != second, "a key that leaked can be replaced at once, whatever the plan"


async def test_an_expired_key_comes_back_only_where_there_is_room(ann):
    past = ann.runtime.clock.now() - timedelta(seconds=1)
    _, key_id = await issued(ann, expires_at=past)
    await _limited(ann, 0)
    for hours in (0, 1):
        with pytest.raises(PaymentRequired):
            await _rotated(ann, key_id, hours)
    await _limited(ann, 1)
    assert await _rotated(ann, key_id, hours=0)


async def test_a_key_manages_no_keys(ann):
    _, key_id = await issued(ann)
    principal = replace(ann.principal, kind="key")
    async with ann.runtime.control(principal) as control:
        data = service.KeyIn(tenant_id=ann.tenant.id, member_id=ann.member_id, name="x", scopes=[])
        for verb in (
            service.issue(control, data),
            service.rotate(control, key_id, overlap=timedelta(0)),
            service.revoke(control, key_id),
        ):
            with pytest.raises(Forbidden):
                await verb


async def test_a_process_forgets_the_oldest_keys_first(ann, mia, monkeypatch):
    monkeypatch.setattr(authentication, "TTL_S", 60.0)
    monkeypatch.setattr(authentication, "KEPT", 1)
    for person in (ann, mia):
        assert (await person.api.get("/customers")).status_code == 200
    [kept] = authentication._kept.values()
    assert kept[1].member_id == mia.member_id


async def test_requests_that_come_together_read_their_key_once(ann, monkeypatch):
    real, read = authentication._read, []

    async def slow(runtime, key_hash):
        read.append(key_hash)
        await asyncio.sleep(0.05)
        return await real(runtime, key_hash)

    monkeypatch.setattr(authentication, "_read", slow)
    answers = await asyncio.gather(*(ann.api.get("/me") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(read) == 1


async def test_a_reading_that_is_broken_off_leaves_nothing_behind(ann, monkeypatch):
    begun = asyncio.Event()

    async def stuck(runtime, key_hash):
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(authentication, "_read", stuck)
    asking = asyncio.create_task(authentication._principal(ann.runtime, ann.key))
    await begun.wait()
    [reading] = authentication._reading.values()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not authentication._reading
