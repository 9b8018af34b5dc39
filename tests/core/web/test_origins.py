"""Forms of other sites: the browser's origin is compared with the host that a trusted proxy tells of."""

from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from core.app import create_app
from tests.fixtures.people import BASE

OUTSIDE = {"X-Forwarded-Host": "crm.example.com", "X-Forwarded-Proto": "https"}


@pytest.fixture
def behind(ann):
    """Post a form of ann's through a proxy; gives the status."""

    async def post(origin, *, trusted=True, headers=OUTSIDE):
        networks = (ip_network("127.0.0.0/8"),) if trusted else ()
        settings = replace(ann.runtime.settings, trusted_proxies=networks)
        app = create_app(replace(ann.runtime, settings=settings))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=ann.page.cookies) as client:
            answer = await client.post(
                "/locale", data={"_csrf": ann.csrf}, headers={**headers, "Origin": origin}
            )
            return answer.status_code

    return post


async def test_the_host_of_a_trusted_proxy_counts(behind):
    assert await behind("https://crm.example.com") != 403
    assert await behind("http://crm.example.com") == 403
    assert await behind(BASE) == 403


async def test_nobody_else_says_what_the_host_is(behind):
    assert await behind("https://crm.example.com", trusted=False) == 403
    assert await behind(BASE, trusted=False) != 403


async def test_the_public_address_is_always_ours(behind, ann):
    assert await behind(ann.runtime.settings.public_url, headers={}) != 403
    assert await behind("https://evil.example", headers={}) == 403
