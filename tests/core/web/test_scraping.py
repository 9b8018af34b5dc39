from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from litestar import Litestar

from core.settings import Settings
from core.web.middleware import RequestFrame
from core.web.problems import handle
from core.web.scraping import scrape


def client(home: Path, **environ: str) -> httpx.AsyncClient:
    app = Litestar([scrape], middleware=[RequestFrame], exception_handlers={Exception: handle})
    app.state.runtime = SimpleNamespace(settings=Settings.read({"GUANXI_HOME": str(home), **environ}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_shows_numbers_by_route_to_the_bearer(tmp_path: Path):
    headers = {"Authorization": "Bearer s3cret"}
    async with client(tmp_path, GUANXI_METRICS_TOKEN="s3cret") as http:
        await http.get("/metrics", headers=headers)
        answer = await http.get("/metrics", headers=headers)
    assert answer.headers["content-type"].count("charset") == 1
    assert (
        'guanxi_requests_total{method="GET",principal="public",route="/metrics",status="2xx"}' in answer.text
    )


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
@pytest.mark.parametrize("environ", [{}, {"GUANXI_METRICS_TOKEN": "s3cret"}])
async def test_is_not_there_for_anybody_else(
    tmp_path: Path, headers: dict[str, str], environ: dict[str, str]
):
    async with client(tmp_path, **environ) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == 404
