"""What visitors with bad intent try."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from plugins.marketing.forms.definition import Field
from plugins.marketing.forms.models import Submission
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import ANSWERS, SIMPLE, Visitor, published

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def stored(person: Person) -> int:
    async with person.ctx() as ctx:
        return int(await ctx.session.scalar(select(func.count()).select_from(Submission)) or 0)


async def test_nothing_that_anybody_writes_becomes_markup(forms: Person, visitor: Visitor) -> None:
    field = Field(key="evil", label=EVIL, help=EVIL, placeholder=EVIL, value=EVIL)
    choice = Field(key="choice", label="Choice", type="select", options=[EVIL, "b"])
    form = await published(
        forms, title=EVIL, intro=EVIL, consent_text=EVIL, fields=[*SIMPLE, field, choice], thanks=EVIL
    )
    pages = [
        await visitor.client.get(visitor.url(), params={"name": EVIL, "utm_source": EVIL, "page": EVIL}),
        await visitor.fill_in({**ANSWERS, "evil": EVIL, "choice": EVIL}),
        await visitor.fill_in({**ANSWERS, "evil": EVIL, "choice": EVIL, "_consent": "1"}),
        await forms.page.get(forms.w(f"/marketing/forms/forms/{form.id}")),
        await forms.page.get(forms.w(f"/marketing/forms/forms/{form.id}/results")),
        await forms.page.get(forms.w("/marketing/forms/submissions")),
    ]
    for page in pages:
        assert page.status_code in {200, 422}
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "ftp://x.example/"]
)
async def test_a_redirect_goes_nowhere_but_to_a_web_page(forms: Person, url: str) -> None:
    answer = await forms.api.post("/marketing/forms/forms", json={"name": "X", "redirect_url": url})
    if answer.status_code == 201:
        assert answer.json()["redirect_url"].startswith("https://")
    else:
        assert answer.status_code == 422


async def test_the_address_of_the_page_redirects_nobody(forms: Person, visitor: Visitor) -> None:
    await published(forms)
    page = await visitor.open(redirect_url="https://evil.example", _redirect="https://evil.example")
    answer = await visitor.fill_in(page=page)
    assert "evil.example" not in answer.text
    assert "refresh" not in answer.text


async def test_lines_in_values_make_no_headers(forms: Person, visitor: Visitor) -> None:
    await published(forms, redirect_url="https://acme.example/thanks")
    answer = await visitor.fill_in({**ANSWERS, "name": "a\r\nSet-Cookie: x=1\r\n\r\n<b>"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["a\0b", "x" * 21_000])
async def test_what_cannot_be_stored_is_said(forms: Person, visitor: Visitor, value: str) -> None:
    await published(forms)
    answer = await visitor.fill_in({**ANSWERS, "message": value})
    assert answer.status_code == 422
    assert await stored(forms) == 0


async def test_unknown_fields_and_huge_bodies_are_refused(forms: Person, visitor: Visitor) -> None:
    await published(forms)
    assert (await visitor.fill_in({**ANSWERS, "is_admin": "1"})).status_code == 422
    assert (await visitor.fill_in({**ANSWERS, "message": "x" * 400_000})).status_code == 413
    assert (await visitor.fill_in(files={"surprise": ("a.txt", b"x")})).status_code in {413, 422}
    many = {f"x{number}": "1" for number in range(900)}
    assert (await visitor.fill_in({**ANSWERS, **many})).status_code in {400, 422}
    assert await stored(forms) == 0


@pytest.mark.parametrize("name", ["phone", "_consent", "_page"])
async def test_a_file_where_none_is_asked_for_is_refused(forms: Person, visitor: Visitor, name: str) -> None:
    await published(forms)
    given = {key: value for key, value in ANSWERS.items() if key != name}
    answer = await visitor.fill_in(given, files={name: ("a.txt", b"x")})
    assert answer.status_code == 422
    assert await stored(forms) == 0


async def test_a_proof_is_good_for_one_sending(forms: Person, visitor: Visitor) -> None:
    await published(forms)
    page = await visitor.open()
    for number in range(5):
        await visitor.fill_in({**ANSWERS, "name": f"N{number}"}, page=page)
    assert await stored(forms) == 1


async def test_a_form_of_another_site_is_refused(forms: Person, visitor: Visitor) -> None:
    await published(forms)
    inputs: dict[str, Any] = await visitor.open()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await visitor.client.post(visitor.url(), data={**inputs, **ANSWERS}, headers=headers)
        assert answer.status_code == 403
    assert await stored(forms) == 0


async def test_one_address_sends_so_much_an_hour(forms: Person, visitor: Visitor) -> None:
    await published(forms, per_hour=2)
    codes = [(await visitor.fill_in({**ANSWERS, "email": f"a{n}@example.com"})).status_code for n in range(3)]
    assert codes == [200, 200, 429]


async def test_only_the_embedded_page_may_stand_in_others(forms: Person, visitor: Visitor) -> None:
    await published(forms, embed_hosts=["https://www.acme.example/contact", "*.acme.example"])
    whole = await visitor.client.get(visitor.url())
    inside = await visitor.client.get(visitor.url(rest="/embed"))
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert inside.headers["content-security-policy"].endswith(
        "frame-ancestors www.acme.example *.acme.example"
    )
    bad = await forms.api.post(
        "/marketing/forms/forms", json={"name": "X", "embed_hosts": ["a; script-src *"]}
    )
    assert bad.status_code == 422


async def test_a_spreadsheet_runs_nothing(forms: Person, visitor: Visitor) -> None:
    form = await published(forms)
    await visitor.fill_in({**ANSWERS, "name": "=HYPERLINK(1)", "message": "@SUM(1)"})
    sheet = await forms.page.get(forms.w(f"/marketing/forms/forms/{form.id}/submissions.csv"))
    assert "'=HYPERLINK(1)" in sheet.text
    assert "'@SUM(1)" in sheet.text
