"""axe finds nothing on any page: wide and narrow, light and dark; every page opens without a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_core_python
import pytest

from tests.contract.test_pages import pages
from tests.contract.world import Side, World
from tests.e2e.conftest import NARROW, WIDE, Open, Visit

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SIZES = {"wide": WIDE, "narrow": NARROW}


async def whole_pages(world: World, side: Side) -> list[str]:
    """The addresses of whole pages, one of each kind."""
    firsts = {call.template: path for call, path in reversed(list(pages(world, side)))}
    found = []
    for path in reversed(firsts.values()):
        answer = await side.owner.page.get(path)
        if answer.status_code == 200 and "<html" in answer.text[:200]:
            found.append(path)
    return found


async def violations(visit: Visit, options: dict[str, Any]) -> list[str]:
    """What axe finds on the page that is open."""
    found = await visit.page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing(world: World, visit: Open, size: str, part: int) -> None:
    side = world.theirs if part else world.ours
    wrong: dict[str, str] = {}
    window = await visit(side.owner, size=SIZES[size], locale=side.tenant.locale)
    for path in (await whole_pages(world, side))[part::2]:
        await window.go(path)
        await window.page.evaluate(AXE)
        for scheme, options in (("light", RULES), ("dark", CONTRAST)):
            await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for fault in await violations(window, options):
                wrong.setdefault(f"{scheme} {fault}", f"{path} {scheme}: {fault}")
        await window.page.emulate_media(color_scheme="light")
        over = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong[path] = f"{path}: {over} px wider than the window"
    assert not wrong, "\n" + "\n".join(wrong.values())
