"""Modules of other people that fail where they are switched: no page of ours fails, and each is named."""

import pytest

from core.cli import doctor
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import Cast
from tests.fixtures.scene import Planted

SWITCHES = {
    "crm_install": ("ctx", ("disable", "uninstall", "enable")),
    "crm_upgrade": ("ctx, from_version", ("disable", "enable")),
    "crm_uninstall": ("ctx, keep_data", ("disable", "uninstall")),
}


async def test_how_a_module_failed_is_told_to_administrators_alone(planted: Planted, cast: Cast) -> None:
    scene = await planted("raise ValueError('no luck today')")
    scene.runtime.faults.note(scene.ann.tenant.id, "planted", "panel x", ValueError("secret path"), "r1")
    await scene.runtime.faults.flush()
    reader = cast.people["rea"]
    for person, is_told in ((scene.ann, True), (reader, False)):
        scene.api.headers["Authorization"] = f"Bearer {person.key}"
        scene.page.cookies.set(COOKIE, person.token)
        found = (await scene.api.get("/plugins/planted")).json()
        [fault] = found["faults"]
        assert (fault["place"], fault["faults"], fault["request_id"]) == ("panel x", 1, "r1")
        assert ("secret path" in fault["error"]) is is_told
        assert ("no luck today" in found["plugin"]["problem"]) is is_told
        page = (await scene.page.get(person.w("/marketplace/planted"))).text
        assert "panel x" in page
        assert ("no luck today" in page, "secret path" in page) == (is_told, is_told)


async def test_a_broken_module_shows_in_the_marketplace_and_stops_nothing(planted: Planted) -> None:
    scene = await planted("raise ValueError('no luck today')")
    await scene.core_pages_work()
    page = await scene.page.get(scene.ann.w("/marketplace/planted"))
    assert "no luck today" in page.text
    assert "Out of order" in (await scene.page.get(scene.ann.w("/marketplace"))).text
    assert (await scene.api.post("/plugins/planted/enable", json={})).status_code == 409


@pytest.mark.parametrize("function", ["crash", "hang"])
@pytest.mark.parametrize("name", sorted(SWITCHES))
async def test_a_module_that_fails_at_a_switch_is_named(
    planted: Planted, hurried: None, name: str, function: str
) -> None:
    arguments, switches = SWITCHES[name]
    does = {"crash": "raise ValueError('no luck')", "hang": "await asyncio.sleep(60)"}[function]
    scene = await planted(f"@hookimpl\nasync def {name}({arguments}): {does}\n")
    here = "/plugins/planted"
    for switch in switches:
        assert (await scene.api.post(f"{here}/{switch}", json={})).status_code < 300, switch
        await scene.drain()
    said = {"crash": "no luck", "hang": "TimeoutError"}[function]
    plugin = (await scene.api.get(here)).json()["plugin"]
    assert (plugin["state"], said in plugin["problem"]) == ("failed", True)
    assert said in (await scene.page.get(scene.ann.w("/marketplace/planted"))).text
    named = "\n".join(doctor.faults(scene.runtime.databases.settings))
    assert "planted: it could not be set up" in named
    assert said in named
    await scene.core_pages_work()
