"""The description of the API: what a workspace has and nothing else; its page lets nothing in but its own script."""

import json
import re
from dataclasses import replace

import httpx
import msgspec

from core.app import create_app
from core.ext.registry import load
from tests.fixtures.people import BASE


async def test_it_tells_the_scope_and_how_to_come_in(ann):
    found = (await ann.api.get("/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    assert "Scope: `customers:read`" in found["paths"]["/api/v1/customers"]["get"]["description"]
    assert found["security"] == [{"key": []}]
    assert found["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert found["servers"] == [{"url": ann.runtime.settings.public_url}]


async def test_a_session_reads_the_same(ann):
    page = await ann.page.get(ann.w("/settings/api/openapi.json"))
    assert page.json() == (await ann.api.get("/openapi.json")).json()


async def test_nobody_else_reads_it(stranger):
    assert (await stranger.get("/api/v1/openapi.json")).status_code == 401
    assert (await stranger.get("/api/v1/schema/openapi.json")).status_code in {401, 404}


async def test_nothing_is_described_that_is_not_referred_to(ann):
    text = (await ann.api.get("/openapi.json")).text
    named = set(json.loads(text)["components"]["schemas"])
    assert named == {ref.rpartition("/")[2] for ref in re.findall(r'"\$ref":"([^"]+)"', text)}


async def test_the_page_lets_in_no_script_but_ours(ann):
    answer = await ann.page.get(ann.w("/settings/api/reference"))
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"style-src 'self' 'nonce-([\w-]+)'", policy).group(1)
    assert "script-src 'self';" in policy
    assert policy.replace("style-src-attr 'unsafe-inline'", "").count("unsafe") == 0
    assert f'content="{nonce}"' in answer.text
    again = await ann.page.get(ann.w("/settings/api/reference"))
    assert nonce not in again.text
    others = (await ann.page.get(ann.w("/settings"))).headers["content-security-policy"]
    assert "nonce" not in others
    assert "unsafe" not in others


async def test_a_module_that_is_off_is_not_described(ann):
    registry = load()
    leads = registry.modules["leads"]
    leads.manifest = msgspec.structs.replace(leads.manifest, kind="optional")
    transport = httpx.ASGITransport(app=create_app(replace(ann.runtime, registry=registry)))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=ann.api.headers) as client:
        found = (await client.get("/api/v1/openapi.json")).json()
    everything = (await ann.api.get("/openapi.json")).json()
    assert "/api/v1/leads" in everything["paths"]
    assert not [path for path in found["paths"] if path.startswith("/api/v1/leads")]
    assert set(found["components"]["schemas"]) < set(everything["components"]["schemas"])
