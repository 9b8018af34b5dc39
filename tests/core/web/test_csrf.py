"""The token of forms under its masks, and answers that are compressed."""

import pytest

from core.web.csrf import is_token, masked

TOKEN = "5f" * 32


def test_every_page_shows_another_mask_of_the_same_token():
    shown = {masked(TOKEN) for _ in range(50)}
    assert len(shown) == 50
    assert all(is_token(one, TOKEN) for one in shown)
    assert not any(TOKEN in one for one in shown)


@pytest.mark.parametrize("sent", ["", "5f", "6a" * 32, "zz" * 64, "5f" * 64, TOKEN[:-1] + "e", "é" * 64])
def test_nothing_else_is_the_token(sent):
    assert not is_token(sent, TOKEN)


def test_no_session_has_no_token():
    assert masked("") == ""


async def test_pages_are_compressed_where_the_browser_takes_it(ann):
    plain = await ann.page.get(ann.w("/customers"), headers={"Accept-Encoding": "identity"})
    small = await ann.page.get(ann.w("/customers"), headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]


async def test_a_form_takes_the_masked_token(ann):
    shown = (await ann.page.get(ann.w("/customers/new"))).text
    token = shown.partition('name="csrf" content="')[2].partition('"')[0]
    assert token != ann.csrf
    answer = await ann.page.post("/logout", data={"_csrf": token})
    assert answer.status_code == 303
