"""The interactive reference draws itself, breaks no rule of the page, and calls no other host."""

from __future__ import annotations

from tests.contract.world import World
from tests.e2e.conftest import Open


async def test_the_reference_works_with_what_is_here(world: World, visit: Open) -> None:
    owner = world.ours.owner
    window = await visit(owner)
    said: list[str] = []
    asked: list[str] = []
    window.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    window.page.on("request", lambda request: asked.append(request.url))
    await window.page.goto(f"{window.site.url}{owner.w('/settings/api/reference')}")
    await window.page.get_by_text("/api/v1/files/{file_id}/content").first.wait_for()
    await window.page.wait_for_timeout(1_000)
    assert said == []
    assert [url for url in asked if not url.startswith((window.site.url, "data:", "blob:"))] == []
