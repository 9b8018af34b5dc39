"""A change of address: both sides agree, or only the new one and time passes; the old one stops it, also afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from core.access.models import Member
from core.kernel.errors import Conflict
from core.kernel.ids import uuid7
from core.tenancy.control_log import ControlOutbox
from tenants.accounts import authentication, jobs, limits, proofs, service, tidying
from tenants.accounts import service_changes as changes
from tenants.accounts.models import Account, EmailChange, Proof
from tenants.accounts.schema import AccountIn, PasswordIn
from tenants.accounts.second_factor import pages
from tenants.accounts.second_factor import service as second_factor
from tests.fixtures.people import PASSWORD
from tests.tenants.accounts.mails import account, csrf, follow, links, log_in, subjects, told
from tests.tenants.accounts.second_factor.test_second_factor import switched_on
from tests.tenants.accounts.test_enumeration import masked

pytestmark = pytest.mark.usefixtures("unlimited")
OLD, NEW = "ann@acme.test", "ann@new.test"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch, runtime):
    """Ask the database every time, and begin with an empty inbox."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(pages, "TRIES", ((1000, 300),))
    authentication._kept.clear()
    for path in runtime.mailer.inbox._paths():
        path.unlink()


@pytest.fixture
def asked(ann, drain):
    """Ask for another address of Ann's; gives the links of the new and of the old one."""

    async def _asked(email=NEW, old=OLD):
        form = {"_csrf": ann.csrf, "email": email, "current": PASSWORD}
        assert (await ann.page.post("/email", data=form)).headers["location"] == "/email?sent=1"
        await drain()
        return links(ann.runtime, email)[0], links(ann.runtime, old)[0]

    return _asked


async def later(runtime, drain):
    """Let time pass."""
    async with runtime.control() as control:
        due = update(ControlOutbox).where(ControlOutbox.job == changes.SETTLE)
        await control.session.execute(due.values(run_at=control.now() - timedelta(seconds=1)))
    await drain()


async def state(ann):
    """What the page of one's address says: the addresses that agreed and those that are waited for."""
    page = (await ann.page.get("/email")).text
    return page.count(">Confirmed<"), page.count(">Waited for<")


async def waiting(runtime):
    async with runtime.control() as control:
        return (await control.session.scalars(select(EmailChange.email))).all()


async def member_email(ann):
    async with ann.ctx() as ctx:
        return (await ctx.session.get_one(Member, ann.member_id)).email


async def take(runtime, email):
    async with runtime.control() as control:
        await service.create(control, AccountIn(email=email, name="Other", password=PASSWORD))


async def test_it_changes_when_the_old_address_agrees_as_well(ann, runtime, asked, drain, stranger):
    new, old = await asked()
    assert await state(ann) == (0, 2)
    assert "Until both have confirmed, you sign in with ann@acme.test" in (await ann.page.get("/email")).text
    assert "as soon as that one confirms as well" in (await stranger.get(new)).text
    assert (await follow(stranger, new)).status_code == 303
    assert await state(ann) == (1, 1)
    assert (await account(runtime, OLD)).id == ann.account_id
    assert await account(runtime, NEW) is None
    page = (await stranger.get(old)).text
    assert "Confirm the change" in page
    assert "This was not me" in page
    assert (await follow(stranger, old, act="agree")).headers["location"] == "/"
    changed = await account(runtime, NEW)
    assert (changed.id, changed.verify_by) == (ann.account_id, None)
    assert changed.verified_at is not None
    assert await account(runtime, OLD) is None
    await drain()
    assert await member_email(ann) == NEW
    assert await told(runtime, "email.changed") == 1
    for path in (new, old):
        assert (await stranger.get(path)).status_code == 404
    assert await waiting(runtime) == []
    await later(runtime, drain)
    assert (await account(runtime, NEW)).id == ann.account_id
    assert await told(runtime, "email.changed") == 1


async def test_it_changes_when_the_new_address_agrees_last(ann, runtime, asked, stranger):
    new, old = await asked()
    await follow(stranger, old, act="agree")
    assert await state(ann) == (1, 1)
    assert "As soon as the new address has confirmed" in (await ann.page.get("/email")).text
    assert (await stranger.get(old)).status_code == 404
    assert (await account(runtime, OLD)).id == ann.account_id
    await follow(stranger, new)
    assert (await account(runtime, NEW)).id == ann.account_id


async def test_without_a_word_from_a_lost_mailbox_it_changes_in_seven_days(
    ann, runtime, asked, drain, stranger
):
    new, old = await asked()
    async with runtime.control() as control:
        due = select(ControlOutbox.run_at).where(ControlOutbox.job == changes.SETTLE)
        assert await control.session.scalar(due) - control.now() > timedelta(days=6, hours=23)
    await follow(stranger, new)
    await drain()
    assert (await account(runtime, OLD)).id == ann.account_id
    await later(runtime, drain)
    assert (await account(runtime, NEW)).id == ann.account_id
    assert await member_email(ann) == NEW
    page = (await stranger.get(old)).text
    assert "Your account keeps ann@acme.test" in page
    assert 'value="agree"' not in page
    assert (
        await stranger.post(old, data={"_csrf": await csrf(stranger, old), "act": "agree"})
    ).status_code == 404
    assert (await follow(stranger, old)).headers["location"] == "/forgot?sent=1"
    assert (await account(runtime, OLD)).id == ann.account_id
    assert (await ann.page.get(ann.w("/customers"))).status_code == 303
    assert (await log_in(stranger, OLD, PASSWORD)).status_code == 422
    await drain()
    assert subjects(runtime, OLD)[0] == "Choose a new password"
    assert await member_email(ann) == OLD


@pytest.mark.parametrize("is_old_for_it", [True, False])
async def test_without_the_new_address_it_never_changes(ann, runtime, asked, drain, stranger, is_old_for_it):
    new, old = await asked()
    if is_old_for_it:
        await follow(stranger, old, act="agree")
    await later(runtime, drain)
    assert (await account(runtime, OLD)).id == ann.account_id
    assert await waiting(runtime) == []
    assert (await stranger.get(new)).status_code == 404
    assert "New e-mail address" in (await ann.page.get("/email")).text


async def test_a_change_that_is_stopped_never_comes_about(ann, runtime, asked, drain, stranger):
    new, old = await asked()
    await follow(stranger, new)
    assert (await follow(stranger, old)).headers["location"] == "/forgot?sent=1"
    for path in (new, old):
        assert (await stranger.get(path)).status_code == 404
    assert (await ann.page.get(ann.w("/customers"))).status_code == 303
    assert (await log_in(stranger, OLD, PASSWORD)).status_code == 422
    await later(runtime, drain)
    assert (await account(runtime, OLD)).id == ann.account_id
    assert await told(runtime, "email.changed") == 0
    assert subjects(runtime, OLD)[0] == "Choose a new password"


async def test_an_address_with_an_account_is_told_and_the_page_says_the_same(ann, zed, runtime, drain):
    shown = []
    for email in ("zed@beta.test", "nil@beta.test"):
        form = {"_csrf": ann.csrf, "email": email, "current": PASSWORD}
        answer = await ann.page.post("/email", data=form)
        await drain()
        page = masked(await ann.page.get("/email"))
        shown.append((masked(answer), str(page).replace(email.replace("@", "<wbr>@"), "…")))
    assert shown[0] == shown[1]
    assert links(runtime, "zed@beta.test") == []
    assert subjects(runtime, "zed@beta.test") == ["Your e-mail address stays with your account"]
    assert subjects(runtime, "nil@beta.test") == ["Confirm your new e-mail address"]


async def test_an_address_that_got_an_account_meanwhile_is_not_given_away(ann, runtime, asked, stranger):
    new, old = await asked()
    await take(runtime, NEW)
    assert (await follow(stranger, new)).status_code == 409
    await follow(stranger, old, act="agree")
    assert await state(ann) == (1, 1)
    assert (await account(runtime, OLD)).id == ann.account_id


async def test_who_agreed_and_got_an_account_meanwhile_keeps_that(ann, runtime, asked, drain, stranger):
    new, old = await asked()
    await follow(stranger, new)
    await take(runtime, NEW)
    assert (await follow(stranger, old, act="agree")).status_code == 409
    await later(runtime, drain)
    assert (await account(runtime, OLD)).id == ann.account_id
    assert await waiting(runtime) == []
    async with runtime.control() as control:
        change = EmailChange(account_id=ann.account_id, email=NEW, new_agreed_at=control.now())
        with pytest.raises(Conflict):
            await changes._make(control, await control.session.get_one(Account, ann.account_id), change)


async def test_a_change_is_cancelled_and_the_old_address_can_still_say_no(
    ann, runtime, asked, drain, stranger
):
    new, old = await asked()
    done = await ann.page.post("/email/cancel", data={"_csrf": ann.csrf})
    assert done.headers["location"] == "/email"
    assert await state(ann) == (0, 0)
    assert (await stranger.get(new)).status_code == 404
    refused = await stranger.post(old, data={"_csrf": await csrf(stranger, old), "act": "agree"})
    assert refused.status_code == 404
    assert (await ann.page.post("/email/cancel", data={"_csrf": ann.csrf})).status_code == 303
    assert (await follow(stranger, old)).headers["location"] == "/forgot?sent=1"
    assert (await log_in(stranger, OLD, PASSWORD)).status_code == 422


async def test_another_wish_takes_the_place_of_the_first(ann, runtime, asked, drain, stranger):
    first, no = await asked()
    second, yes = await asked("ann@other.test")
    assert no != yes
    assert await waiting(runtime) == ["ann@other.test"]
    assert (await stranger.get(first)).status_code == 404
    assert "Your account keeps" in (await stranger.get(no)).text
    assert (
        await stranger.post(no, data={"_csrf": await csrf(stranger, no), "act": "agree"})
    ).status_code == 404
    await follow(stranger, yes, act="agree")
    assert (await stranger.get(no)).status_code == 404, "the mailbox has said yes"
    await follow(stranger, second)
    await later(runtime, drain)
    assert (await account(runtime, "ann@other.test")).id == ann.account_id


async def test_mails_are_sent_again_to_who_has_not_agreed(ann, runtime, asked, drain, stranger, monkeypatch):
    new, old = await asked()
    again = {"_csrf": ann.csrf}
    assert (await ann.page.post("/email/again", data=again)).headers["location"] == "/email"
    await drain()
    assert (len(links(runtime, NEW)), len(links(runtime, OLD))) == (2, 2)
    await follow(stranger, new)
    assert (await stranger.get(links(runtime, NEW)[0])).status_code == 200
    await ann.page.post("/email/again", data=again)
    await drain()
    assert (len(links(runtime, NEW)), len(links(runtime, OLD))) == (2, 3)
    monkeypatch.setattr(limits, "MAILS", ((0, 3_602),))
    assert (await ann.page.post("/email/again", data=again)).status_code == 429
    await follow(stranger, links(runtime, OLD)[0], act="agree")
    assert (await account(runtime, NEW)).id == ann.account_id
    for path in (old, *links(runtime, OLD)):
        assert (await stranger.get(path)).status_code == 404
    assert (await ann.page.post("/email/again", data=again)).headers["location"] == "/email"


async def test_who_agreed_is_not_asked_again(ann, runtime, asked, drain, stranger):
    _new, old = await asked()
    await follow(stranger, old, act="agree")
    await ann.page.post("/email/again", data={"_csrf": ann.csrf})
    await drain()
    assert (len(links(runtime, NEW)), len(links(runtime, OLD))) == (2, 1)


async def test_stopping_it_takes_away_a_second_step_of_afterwards(ann, runtime, asked, drain, stranger):
    await asked()
    await switched_on(ann)
    await ann.page.post("/email/cancel", data={"_csrf": ann.csrf})
    await asked("ann@other.test")
    no = links(runtime, OLD)[0]
    await follow(stranger, no)
    async with runtime.control() as control:
        assert await second_factor.factor_of(control, ann.account_id) is None
        assert await second_factor.codes_left(control, ann.account_id) == 0
    assert await told(runtime, "second_factor.disabled") == 1


async def test_stopping_it_leaves_a_second_step_of_before(ann, runtime, asked, stranger):
    await switched_on(ann)
    _, old = await asked()
    await follow(stranger, old)
    async with runtime.control() as control:
        assert await second_factor.is_on(control, ann.account_id)


async def test_stopping_it_leaves_nothing_to_a_second_step_that_was_never_confirmed(
    ann, runtime, asked, stranger
):
    _, old = await asked()
    await ann.page.post("/second-factor/begin", data={"_csrf": ann.csrf, "password": PASSWORD})
    await follow(stranger, old)
    async with runtime.control() as control:
        assert not await second_factor.is_on(control, ann.account_id)


async def test_a_thief_does_not_undo_what_the_first_address_stopped(ann, runtime, asked, drain, stranger):
    new, no = await asked()
    await follow(stranger, new)
    await later(runtime, drain)
    _, undo = await asked("thief@far.test", old=NEW)
    await follow(stranger, no)
    assert (await account(runtime, OLD)).id == ann.account_id
    assert (await stranger.get(undo)).status_code == 404


async def test_what_a_thief_stops_leaves_the_first_address_its_word(ann, runtime, asked, drain, stranger):
    new, no = await asked()
    await follow(stranger, new)
    await later(runtime, drain)
    _, undo = await asked("thief@far.test", old=NEW)
    await follow(stranger, undo)
    assert (await account(runtime, NEW)).id == ann.account_id
    await follow(stranger, no)
    assert (await account(runtime, OLD)).id == ann.account_id


async def test_an_address_that_somebody_else_has_by_now_is_not_taken_back(
    ann, runtime, asked, drain, stranger
):
    new, no = await asked()
    await follow(stranger, new)
    await later(runtime, drain)
    await take(runtime, OLD)
    await drain()
    before = links(runtime, NEW)
    await follow(stranger, no)
    await drain()
    assert (await account(runtime, NEW)).id == ann.account_id
    assert (await account(runtime, NEW)).password_hash is None
    assert links(runtime, NEW) == before


async def test_nothing_comes_of_what_is_gone(ann, runtime, asked, drain, stranger):
    new, old = await asked()
    async with runtime.control() as control:
        await control.session.execute(delete(EmailChange))
    assert (await follow(stranger, new)).status_code == 404
    assert "Your account keeps" in (await stranger.get(old)).text
    await jobs.mail_change(runtime, changes.MailChange(change_id=uuid7(), proof_id=uuid7(), is_old=True))
    await jobs.settle_change(runtime, changes.SettleChange(change_id=uuid7()))
    async with runtime.control() as control:
        lost = Proof(id=uuid7(), account_id=uuid7(), kind=proofs.EMAIL, email=NEW)
        with pytest.raises(proofs.DeadLink):
            await changes.agree(control, lost)
    for path in ("/email/again", "/email/cancel"):
        assert (await stranger.post(path)).headers["location"] == "/email"


@pytest.mark.parametrize("way", ["forgot", "password"])
async def test_a_new_password_ends_what_a_thief_has_begun(ann, runtime, asked, drain, stranger, way):
    new, _ = await asked()
    await follow(stranger, new)
    assert await waiting(runtime) == [NEW]
    if way == "forgot":
        await stranger.post("/forgot", data={"email": OLD})
        await drain()
        await follow(stranger, links(runtime, OLD)[0], new="another good password")
    else:
        data = PasswordIn(current=PASSWORD, new="another good password")
        async with runtime.control() as control:
            await service.change_password(control, ann.account_id, data, session_id=uuid7())
    assert await waiting(runtime) == []
    await later(runtime, drain)
    assert await account(runtime, NEW) is None
    assert (await account(runtime, OLD)).id == ann.account_id


async def test_the_old_address_hears_of_it_where_the_new_one_cannot_be_reached(
    ann, runtime, drain, monkeypatch
):
    mailer = type(runtime.mailer)
    send = mailer.send

    async def refuse(self, message):
        if NEW in str(message.to):
            raise ConnectionError
        await send(self, message)

    monkeypatch.setattr(mailer, "send", refuse)
    await ann.page.post("/email", data={"_csrf": ann.csrf, "email": NEW, "current": PASSWORD})
    await drain()
    assert links(runtime, OLD)


async def test_a_change_whose_job_was_lost_is_made_all_the_same(ann, runtime, asked, stranger):
    new, _ = await asked()
    await follow(stranger, new)
    async with runtime.control() as control:
        await control.session.execute(delete(ControlOutbox).where(ControlOutbox.job == changes.SETTLE))
        old = update(EmailChange).values(created_at=control.now() - changes.WAIT - timedelta(hours=1))
        await control.session.execute(old)
    await tidying.forget_old(runtime, tidying.Nothing())
    assert (await account(runtime, NEW)).id == ann.account_id
