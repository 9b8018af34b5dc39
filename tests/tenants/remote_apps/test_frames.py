"""Panels of remote apps: a sandbox without the page's origin, a policy that names one origin, a word that expires."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tenants.remote_apps.asking import of_document
from tenants.remote_apps.tokens import seal
from tests.tenants.remote_apps.conftest import make
from tests.tenants.remote_apps.test_apps import new_customer

DOCUMENT = Path(__file__).parents[3] / "docs/plugins/remote-apps.md"


async def framed(person, made, record, number=0):
    return await person.page.get(person.w(f"/remote-apps/{made.id}/panels/{number}/{record}"))


def source(answer):
    return unescape(re.search(r'<iframe src="([^"]+)"', answer.text).group(1))


def token(answer):
    return parse_qs(urlsplit(source(answer)).query)["token"][0]


def example(title):
    """A block of code of the page for authors, below a heading."""
    text = DOCUMENT.read_text("utf-8")
    below = text.partition(f"## {title}\n")[2]
    return re.search(r"```python\n(.*?)```", below, re.S).group(1)


def verifier():
    """The function that the page gives to authors."""
    known = {}
    exec(example("Panels"), known)
    return known["verified"]


def told(made, answer):
    """What the app reads in a frame's address."""
    return verifier()(token(answer), made.secret, str(made.id))


async def test_a_record_page_has_a_place_for_panels_only_where_there_are_some(ann, author):
    customer = await new_customer(ann)
    panel = ann.w(f"/panels/customer/{customer}/side/remote_apps")
    assert panel not in (await ann.page.get(ann.w(f"/customers/{customer}"))).text
    made = await make(ann, author)
    assert panel in (await ann.page.get(ann.w(f"/customers/{customer}"))).text
    contact = (await ann.api.post("/contacts", json={"name": "张伟"})).json()["id"]
    assert "side/remote_apps" not in (await ann.page.get(ann.w(f"/contacts/{contact}"))).text
    shown = (await ann.page.get(panel)).text
    assert 'loading="lazy"' in shown
    assert 'referrerpolicy="no-referrer"' in shown
    assert author.receiver.url("panel") not in shown
    assert str(made.id) in shown


async def test_the_frame_is_a_sandbox_under_a_policy_of_its_own(ann, author):
    made, customer = await make(ann, author), await new_customer(ann)
    answer = await framed(ann, made, customer)
    assert answer.status_code == 200
    assert 'sandbox="allow-scripts allow-forms allow-popups"' in answer.text
    assert "allow-same-origin" not in answer.text
    assert "allow-top-navigation" not in answer.text
    assert 'referrerpolicy="no-referrer"' in answer.text
    assert "<script" not in answer.text
    parts = urlsplit(author.receiver.url("panel"))
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'self'; frame-src {parts.scheme}://{parts.netloc}; "
        "frame-ancestors 'self'; base-uri 'none'"
    )
    page = await ann.page.get(ann.w(f"/customers/{customer}"))
    policy = page.headers["content-security-policy"]
    assert "frame-src 'self';" in policy
    assert parts.netloc not in policy


async def test_the_address_has_ids_and_nothing_of_the_record(ann, author):
    made = await make(ann, author, **{"panels.0.url": author.receiver.url("panel") + "?a=1#x"})
    customer = await new_customer(ann, "Very Secret Ltd")
    answer = await framed(ann, made, customer)
    assert source(answer).startswith(author.receiver.url("panel") + "?a=1&token=")
    assert source(answer).endswith("#x")
    assert "Secret" not in answer.text
    claims = told(made, answer)
    assert claims == {
        "iss": ann.runtime.settings.public_url,
        "aud": str(made.id),
        "sub": str(ann.member_id),
        "workspace": str(ann.tenant.id),
        "record_type": "customer",
        "record_id": customer,
        "locale": "en",
        "theme": "auto",
        "iat": claims["iat"],
        "exp": claims["iat"] + 300,
        "jti": claims["jti"],
    }
    again = told(made, await framed(ann, made, customer))
    assert again["jti"] != claims["jti"]


async def test_who_may_not_see_the_record_gets_no_word_on_it(ann, bo, author):
    made, customer = await make(ann, author), await new_customer(ann)
    assert (await framed(bo, made, customer)).status_code == 404
    own = (await bo.api.post("/customers", json={"name": "自己的"})).json()["id"]
    answer = await framed(bo, made, own)
    assert answer.status_code == 200
    claims = told(made, answer)
    assert claims["sub"] == str(bo.member_id)


async def test_there_is_no_panel_where_none_was_agreed_to(ann, author):
    made, customer = await make(ann, author), await new_customer(ann)
    contact = (await ann.api.post("/contacts", json={"name": "张伟"})).json()["id"]
    for number, record in (("x", customer), (1, customer), (99, customer), (0, contact), (0, made.id)):
        assert (await framed(ann, made, record, number)).status_code == 404
    asking = (
        await ann.api.post(
            "/remote-apps",
            json={"name": "x", "panels": [{"on": "customer", "title": "x", "url": author.receiver.url("x")}]},
        )
    ).json()
    assert (await ann.page.get(ann.w(f"/remote-apps/{asking['id']}/panels/0/{customer}"))).status_code == 404


async def test_the_example_for_authors_verifies_a_token_and_refuses_bad_ones(ann, author):
    made, customer = await make(ann, author), await new_customer(ann)
    verified = verifier()
    good = token(await framed(ann, made, customer))
    now = ann.runtime.clock.now().timestamp()
    claims = verified(good, made.secret, str(made.id), now)
    assert claims["record_id"] == customer
    head, body, mark = good.split(".")
    other = f"{made.secret}x"
    for bad, secret, app, at in (
        (good, made.secret, str(made.id), now + 301),
        (good, other, str(made.id), now),
        (good, made.secret, str(ann.member_id), now),
        (f"{head}.{body}x.{mark}", made.secret, str(made.id), now),
        (f"{head}.{body}.", made.secret, str(made.id), now),
        ("", made.secret, str(made.id), now),
    ):
        with pytest.raises(ValueError, match=r"signed|app|old|base64|padd"):
            verified(bad, secret, app, at)


def test_a_seal_is_that_of_every_library():
    """The token that jwt.io shows."""
    text = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    )
    assert seal(text, "your-256-bit-secret") == "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"


def test_the_manifest_of_the_page_for_authors_is_one():
    text = re.search(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S).group(1)
    assert of_document(text.encode()).name == json.loads(text)["name"]
