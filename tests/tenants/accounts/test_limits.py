"""How often strangers may try."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.kernel.errors import TooManyRequests
from core.kernel.ids import opaque
from core.tenancy.control_log import ControlEvent
from tenants.accounts import limits
from tenants.accounts.failed_logins import failed_logins
from tenants.accounts.models import Account
from tests.fixtures.people import PASSWORD


@pytest.fixture
def email():
    """An address that no other test has used up."""
    return f"{opaque()}@flood.test"


async def until_refused(count, hit):
    """How often it went well."""
    for number in range(count):
        try:
            await hit(number)
        except TooManyRequests:
            return number
    return count


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_is_what_one_subscriber_has(address, network):
    assert limits.network_of(address) == network


async def test_an_address_is_tried_ten_times_a_minute_from_one_network(runtime, email):
    assert await until_refused(20, lambda n: limits.login(runtime, f"198.51.100.{n}", email)) == 10
    # Somebody elsewhere is not shut out by that.
    await limits.login(runtime, "203.0.113.1", email)


async def test_an_address_is_tried_so_often_from_everywhere(runtime, email):
    assert await until_refused(70, lambda n: limits.login(runtime, f"198.51.{n}.1", email)) == 60


async def test_an_address_signs_up_three_times_an_hour(runtime, email):
    assert await until_refused(9, lambda n: limits.signup(runtime, f"198.51.{n}.1", email.upper())) == 3


async def test_an_address_is_written_to_three_times_in_ten_minutes(runtime, email):
    assert await until_refused(9, lambda n: limits.mail(runtime, f"198.51.{n}.1", email)) == 3


async def test_a_computer_and_its_network_sign_up_so_often(runtime, monkeypatch):
    object.__setattr__(runtime.settings, "rate_signup_per_hour", 4)
    object.__setattr__(runtime.settings, "rate_login_per_minute", 4)
    net = f"2001:db8:{opaque().encode().hex()[:4]}:"
    try:
        one = await until_refused(9, lambda n: limits.signup(runtime, f"{net}1::1", f"{opaque()}@a.test"))
        assert one == 4
        more = await until_refused(
            40, lambda n: limits.signup(runtime, f"{net}2::{n:x}", f"{opaque()}@a.test")
        )
        assert one + more == 4 * limits.NEIGHBOURS
        logins = await until_refused(9, lambda n: limits.login(runtime, f"{net}1::1", f"{opaque()}@a.test"))
        assert logins == 4
    finally:
        object.__setattr__(runtime.settings, "rate_signup_per_hour", 1_000_000)
        object.__setattr__(runtime.settings, "rate_login_per_minute", 1_000_000)


async def test_a_new_account_may_write_to_few(runtime, ann):
    async with runtime.control() as control:
        account = await control.session.get_one(Account, ann.account_id)
    assert await until_refused(30, lambda n: limits.invitation(runtime, account)) == 10
    account.created_at -= timedelta(days=2)
    assert await until_refused(30, lambda n: limits.invitation(runtime, account)) == 30
    account.verify_by = account.created_at
    assert await until_refused(30, lambda n: limits.invitation(runtime, account)) == 0


async def test_failed_logins_are_told_a_few_times(runtime, ann, stranger, monkeypatch):
    monkeypatch.setattr(limits, "TOLD", ((2, 3_601),))

    async def told():
        await failed_logins(runtime).flush()
        async with runtime.control() as control:
            return await control.session.scalar(
                select(func.count()).where(ControlEvent.name == "login.failed")
            )

    for _ in range(4):
        answer = await stranger.post("/login", data={"email": "ann@acme.test", "password": "wrong"})
        assert answer.status_code == 422
    assert await told() == 2
    await stranger.post("/login", data={"email": "nobody@acme.test", "password": "wrong"})
    assert await told() == 2
    async with runtime.control() as control:
        event = await control.session.scalar(select(ControlEvent).where(ControlEvent.name == "login.failed"))
    assert event.record_id == ann.account_id
    assert event.address
    await stranger.post("/login", data={"email": "ann@acme.test", "password": PASSWORD})
    assert await told() == 2


async def test_failed_logins_wait_for_the_database_and_for_nothing_unreadable(
    runtime, ann, stranger, monkeypatch
):
    failed = failed_logins(runtime)
    for email in ("ann\x00@acme.test", ""):
        answer = await stranger.post("/login", data={"email": email, "password": "wrong"})
        assert answer.status_code == 422
    assert failed.waiting == 0
    await stranger.post("/login", data={"email": "ann@acme.test", "password": "wrong"})
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "control", away)
        with pytest.raises(ConnectionError):
            await failed.flush()
    assert failed.waiting == 1
    await failed.flush()
    assert failed.waiting == 0
    async with runtime.control() as control:
        told = await control.session.scalars(select(ControlEvent).where(ControlEvent.name == "login.failed"))
        assert [event.record_id for event in told] == [ann.account_id]


def away(**_):
    raise ConnectionError("the database is away")


async def test_pages_are_limited(stranger, ann):
    email = f"{opaque()}@flood.test"
    answers = [await stranger.post("/forgot", data={"email": email}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
