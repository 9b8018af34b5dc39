"""Nobody finds out who has an account: not by the answer's text or status, and not by the time that it takes.

Known and unknown addresses are asked about in turn, so that whatever else the machine does hits both alike.
"""

import os
import re
import statistics
import time

import pytest

from tenants.accounts import passwords, service
from tenants.accounts.models import Account
from tenants.invitations import join_pages
from tests.fixtures.people import PASSWORD

TRIES = int(os.environ.get("GUANXI_ENUMERATION_TRIES", "500"))
MEDIAN_MS = 5.0
KNOWN = "ann@acme.test"
MASKS = (
    (r'name="_key" value="[^"]*"', "key"),
    (r"[0-9a-f]{32,}", "id"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "instant"),
    (r"evening[a-z0-9-]*", "slug"),
    (r"[a-z0-9.-]+@[a-z0-9.-]+", "address"),
    (r"/join/[\w-]+", "link"),
)


pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture
def cheap(monkeypatch):
    """Hash quickly: the same for everybody, and five hundred tries take seconds."""
    hasher = passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", hasher)
    monkeypatch.setattr(passwords, "NOBODY", hasher.hash("nobody has this password"))
    return hasher


def masked(answer):
    text = answer.text
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    kept = {"location", "content-type", "hx-location", "cache-control"}
    headers = {
        name: re.sub(r"evening[a-z0-9-]*", "slug", value)
        for name, value in answer.headers.items()
        if name in kept
    }
    cookies = sorted(re.findall(r"(\w+)=", " ".join(answer.headers.get_list("set-cookie"))))
    return answer.status_code, headers, cookies, text


async def compare(ask, tries, share=0.0, clock=time.perf_counter):
    """Ask in turn for the known and for unknown addresses; the answers must look and last alike."""
    seconds = {True: [], False: []}
    shown = {True: set(), False: set()}
    for number in range(tries):
        for is_known in (True, False) if number % 2 else (False, True):
            email = KNOWN if is_known else f"nobody{number % 7}@acme.test"
            started = clock()
            answer = await ask(email, number, is_known)
            seconds[is_known].append(clock() - started)
            shown[is_known].add(str(masked(answer)))
    assert shown[True] == shown[False]
    medians = {known: statistics.median(each) * 1000 for known, each in seconds.items()}
    # Of each pair, asked one right after the other: what else the machine does falls on both alike.
    pairs = zip(seconds[True], seconds[False], strict=True)
    apart = abs(statistics.median(known - unknown for known, unknown in pairs)) * 1000
    print(f"medians over {tries}: known {medians[True]:.2f} ms, unknown {medians[False]:.2f} ms")  # noqa: T201
    assert apart < max(MEDIAN_MS, share * medians[False]), f"{apart:.2f} ms apart: {medians}"


async def test_logins_look_and_last_alike(stranger, ann, runtime, cheap):
    await _rehash(runtime, cheap)

    async def ask(email, number, is_known):
        stranger.cookies.clear()
        return await stranger.post("/login", data={"email": email, "password": f"wrong {number}"})

    await compare(ask, TRIES)


async def test_logins_with_the_cost_of_real_passwords_last_alike(stranger, ann):
    async def ask(email, number, is_known):
        stranger.cookies.clear()
        return await stranger.post("/login", data={"email": email, "password": f"wrong {number}"})

    # One hash less would be half of it. Of the processor's time, as other processes wait for one another here.
    await compare(ask, max(20, TRIES // 10), share=0.1, clock=time.process_time)


async def test_forgotten_passwords_look_and_last_alike(stranger, ann):
    async def ask(email, number, is_known):
        return await stranger.post("/forgot", data={"email": email})

    await compare(ask, TRIES)


async def test_signups_look_and_last_alike(stranger, ann, cheap):
    async def ask(email, number, is_known):
        stranger.cookies.clear()
        form = {"name": "Eve", "password": PASSWORD, "workspace": "", "slug": "", "timezone": "UTC"}
        # Without a workspace's name the form comes back. Signups that succeed are compared by the benchmark, as
        # each of them makes a workspace.
        return await stranger.post("/signup", data={**form, "email": email})

    await compare(ask, TRIES)


async def test_invitations_look_and_last_alike(ann, zed):
    async def ask(email, number, is_known):
        return await ann.api.post("/invitations", json={"email": "zed@beta.test" if is_known else email})

    await compare(ask, TRIES)


async def test_links_that_invite_look_and_last_alike(ann, stranger, monkeypatch):
    monkeypatch.setattr(join_pages, "TRIES", 1_000_000)
    link = await ann.api.post("/invitations/links", json={})
    path = "/join/" + link.json()["url"].rpartition("/")[2]

    async def ask(email, number, is_known):
        return await stranger.post(f"{path}/mail", data={"email": email})

    await compare(ask, TRIES)


@pytest.fixture
async def neighbours(runtime, fresh):
    """Addresses that have accounts, as many as tries: each can be added once."""
    async with runtime.control() as control:
        addresses = [f"known{number}@shop.test" for number in range(TRIES)]
        control.session.add_all(Account(email=one, name="Known", verify_by=None) for one in addresses)
    return addresses


async def test_adding_members_by_hand_looks_and_lasts_alike(ann, neighbours):
    async def ask(email, number, is_known):
        address = neighbours[number] if is_known else f"nobody{number}@shop.test"
        return await ann.post("/settings/members/new", {"name": "Dee", "email": address, "role": "member"})

    await compare(ask, TRIES)


async def test_links_that_were_handed_over_look_and_last_alike(ann, stranger, neighbours, cheap, monkeypatch):
    monkeypatch.setattr(join_pages, "TRIES", 1_000_000)
    tries = max(20, TRIES // 5)
    paths = {}
    for number in range(tries):
        for is_known in (True, False):
            address = neighbours[number] if is_known else f"nobody{number}@shop.test"
            form = {"name": "Dee", "email": address, "role": "member"}
            added = await ann.post("/settings/members/new", form)
            paths[number, is_known] = re.search(r"/join/[\w-]+", added.text)[0]

    async def open_it(email, number, is_known):
        return await stranger.get(paths[number, is_known])

    async def come(email, number, is_known):
        stranger.cookies.clear()
        return await stranger.post(
            f"{paths[number, is_known]}/account", data={"name": "Eve", "password": PASSWORD}
        )

    await compare(open_it, tries)
    await compare(come, tries)


async def test_pages_after_a_signup_say_the_same(stranger, ann, cheap):
    shown = []
    for email in (KNOWN, "nobody@acme.test"):
        stranger.cookies.clear()
        form = {"name": "Eve", "password": PASSWORD, "workspace": "Evening", "slug": "", "timezone": "UTC"}
        answer = await stranger.post("/signup", data={**form, "email": email, "_key": email})
        page = await stranger.get(answer.headers["location"])
        account = await stranger.get("/email")
        again = await stranger.post("/login", data={"email": email, "password": PASSWORD + "?"})
        shown.append([masked(one)[0::3] for one in (answer, page, account, again)])
    assert shown[0] == shown[1]


async def test_who_signed_up_with_anybodys_address_logs_in_alike(stranger, ann, cheap):
    for email in (KNOWN, "nobody@acme.test"):
        stranger.cookies.clear()
        form = {"name": "Eve", "password": "eves own password", "workspace": "Evening", "slug": ""}
        made = await stranger.post("/signup", data={**form, "email": email, "_key": email})
        stranger.cookies.clear()
        back = await stranger.post("/login", data={"email": email, "password": "eves own password"})
        assert back.status_code == 303
        door = await stranger.get("/")
        assert door.headers["location"] in made.headers["location"]


async def _rehash(runtime, hasher):
    """Give the known account a hash of the cheap kind, as the unknown ones are compared with."""

    async with runtime.control() as control:
        account = await service.by_email(control, KNOWN)
        account.password_hash = hasher.hash(PASSWORD)
