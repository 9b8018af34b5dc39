"""What a module leaves when it is removed: kept, whole, and back in its place as if it had rested."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.kernel.errors import BadRequest, Conflict
from core.kernel.mentions import mentioned
from core.tenancy import ddl, plugin_archive
from core.tenancy.plugin_archive import Left
from tenants.marketplace import jobs, leaving, missed
from tenants.process import installation
from tests.fixtures.people import Person
from tests.tenants.marketplace.conftest import Shop
from tests.tenants.marketplace.test_service import disable, enable, new_customer, uninstall

PLAIN, SECRET = {"rate": 7, "greeting": "Hi"}, {"token": "hush"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda attempts: 0.0)


async def on(shop: Shop, archive: str = "") -> None:
    await enable(shop, archive=archive)
    await shop.drain()
    assert await shop.state() == "enabled"


async def away(shop: Shop) -> str:
    """Remove the module; gives the name of what it left."""
    await uninstall(shop)
    await shop.drain()
    row = await shop.row()
    assert row is not None
    assert (row.state, row.settings, row.secrets, row.disabled_at) == ("uninstalled", {}, {}, None)
    return row.archive


def kept(shop: Shop, name: str) -> Path:
    return leaving.place(shop.runtime, shop.tenant) / name


def heard(shop: Shop) -> list[str]:
    """Of which events the module knows; it is told of several at once in any order."""
    return sorted(point for point in shop.points() if point.startswith("event"))


async def test_no_sweep_takes_what_a_module_left(shop: Shop) -> None:
    await on(shop)
    name = await away(shop)
    for path in (kept(shop, name), kept(shop, name).parent):
        os.utime(path, (0, 0))
    async with shop.runtime.open(shop.tenant) as ctx:
        await shop.runtime.files.sweep(shop.tenant.schema, partial(mentioned, ctx.session))
    await on(shop, name)
    assert shop.points()[0] == "installed"
    assert not kept(shop, name).exists(), "what is back is not kept twice"


async def test_settings_come_back_and_secrets_do_not(shop: Shop, owner: Person) -> None:
    await on(shop)
    set_ = await owner.api.patch("/plugins/loyalty/settings", json={"values": PLAIN | SECRET})
    assert set_.json()["secrets"] == {"token": True}
    name = await away(shop)
    assert b"hush" not in kept(shop, name).read_bytes()
    await on(shop, name)
    told = (await owner.api.get("/plugins/loyalty/settings")).json()
    assert told == {"values": PLAIN, "secrets": {"token": False}}
    await new_customer(shop, "After")
    await shop.drain()
    assert "event After" in shop.points()


async def test_it_hears_of_what_happened_between_its_going_and_its_return(shop: Shop) -> None:
    await on(shop)
    await new_customer(shop, "Before")
    await shop.drain()
    await disable(shop)
    await new_customer(shop, "While off")
    name = await away(shop)
    await new_customer(shop, "While away")
    await shop.drain()
    await on(shop, name)
    assert heard(shop) == ["event Before", "event While away", "event While off"]


async def test_switched_on_without_its_data_it_begins_anew(shop: Shop) -> None:
    await on(shop)
    await away(shop)
    await new_customer(shop, "While away")
    await on(shop)
    await shop.drain()
    assert shop.points() == ["installed"]


async def test_what_another_life_of_it_heard_is_told_again(shop: Shop) -> None:
    await on(shop)
    first = await away(shop)
    await on(shop)
    await new_customer(shop, "In between")
    await shop.drain()
    assert "event In between" in shop.points()
    await away(shop)
    await on(shop, first)
    assert shop.points().count("event In between") == 1


@pytest.mark.parametrize("page", [1, 2, 3, 100])
async def test_what_it_missed_is_queued_page_by_page(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(missed, "PAGE", page)
    await on(shop)
    await disable(shop)
    for number in range(3):
        await new_customer(shop, f"{number}")
    await on(shop)
    assert heard(shop) == [f"event {n}" for n in range(3)]


async def test_a_queue_that_is_broken_off_goes_on_with_the_next_page(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = missed.queue_missed, []

    async def queue_missed(*args: Any) -> None:
        calls.append(args)
        await real(*args)
        if len(calls) == 2:
            raise ValueError("the worker is gone")

    monkeypatch.setattr(missed, "PAGE", 1)
    monkeypatch.setattr(missed, "queue_missed", queue_missed)
    await on(shop)
    await disable(shop)
    for number in range(3):
        await new_customer(shop, f"{number}")
    await on(shop)
    assert heard(shop) == [f"event {n}" for n in range(3)]
    assert len(calls) == 5, "each page once, the broken one twice, and one that finds nothing"


def rewritten(path: Path, target: Path, edit: Any) -> Path:
    """A copy of an archive; ``edit(name, content)`` gives what to write instead, None to leave it out."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as changed:
        for info in source.infolist():
            content = edit(info.filename, source.read(info))
            if content is not None:
                changed.writestr(info.filename, content)
    return target


def with_more(path: Path, target: Path, names: Sequence[str], method: int = zipfile.ZIP_STORED) -> Path:
    """A copy of an archive with more parts."""
    rewritten(path, target, lambda name, content: content)
    with zipfile.ZipFile(target, "a", method) as archive:
        for name in names:
            archive.writestr(name, b"more")
    return target


LIES: dict[str, tuple[str, Any]] = {
    "a row changed": ("tables/", lambda content: content.replace(b"installed", b"inStalled")),
    "a table missing": ("tables/", lambda content: None),
    "the manifest changed": ("manifest.json", lambda content: content.replace(b"1.0.0", b"9.0.0")),
    "no manifest": ("manifest.json", lambda content: None),
    "a manifest that is no text": ("manifest.json", lambda content: b"\xff"),
    "a manifest of another": ("manifest.json", lambda content: b"{}"),
    "no signature": ("signature", lambda content: None),
    "a signature too short": ("signature", lambda content: content[:10]),
    "another signature": ("signature", lambda content: content[::-1]),
    "a signature that is no text": ("signature", lambda content: b"\xff" * 64),
}


async def test_only_what_was_written_here_and_is_whole_comes_back(shop: Shop, tmp_path: Path) -> None:
    await on(shop)
    good, home, lie = kept(shop, await away(shop)), installation(shop.runtime), tmp_path / "lie.zip"
    lies = [
        lambda where=where, edit=edit: rewritten(
            good, lie, lambda name, content: edit(content) if name.startswith(where) else content
        )
        for where, edit in LIES.values()
    ]
    lies.append(lambda: with_more(good, lie, ["tables/more.copy"]))
    lies.append(lambda: with_more(good, lie, ["files/../../evil"]))
    lies.append(lambda: with_more(good, lie, ["more"], zipfile.ZIP_LZMA))
    for make in lies:
        make()
        with pytest.raises(BadRequest) as caught:
            plugin_archive.restore(home, shop.tenant, "loyalty", lie)
        assert caught.value.code == "archive.unknown"
        assert not shop.tables()
    zed = shop.cast.people["zed"].tenant
    with pytest.raises(BadRequest) as caught:
        plugin_archive.restore(home, zed, "loyalty", good)
    assert caught.value.code == "archive.unknown"
    with pytest.raises(BadRequest) as caught, plugin_archive.opened(home, shop.tenant, "other", good):
        pass
    assert caught.value.code == "archive.other_module"
    with (
        pytest.raises(BadRequest) as caught,
        plugin_archive.opened(home, shop.tenant, "loyalty", good, most=9),
    ):
        pass
    assert caught.value.code == "archive.too_large"
    for content in (b"no zip", good.read_bytes()[:-30], None):
        lie.unlink() if content is None else lie.write_bytes(content)
        with pytest.raises(BadRequest) as caught:
            plugin_archive.restore(home, shop.tenant, "loyalty", lie)
        assert caught.value.code == "archive.broken"
    assert not shop.tables()


async def test_rows_that_are_there_are_never_mixed_with_what_comes_back(shop: Shop) -> None:
    home = installation(shop.runtime)
    await on(shop)
    good = kept(shop, await away(shop))
    await on(shop)
    with pytest.raises(Conflict) as caught:
        plugin_archive.restore(home, shop.tenant, "loyalty", good)
    assert caught.value.code == "archive.rows"
    assert shop.points() == ["installed"]


async def test_empty_tables_make_room(shop: Shop) -> None:
    home = installation(shop.runtime)
    await on(shop)
    good = kept(shop, await away(shop))
    ddl.install(shop.settings, shop.tenant, "loyalty")
    for _ in range(2):
        back = plugin_archive.restore(home, shop.tenant, "loyalty", good)
        assert back.version == "1.0.0"
        assert shop.points() == ["installed", "last words"]


async def test_a_module_that_is_gone_leaves_no_second_archive(shop: Shop, tmp_path: Path) -> None:
    await on(shop)
    module, left = shop.runtime.registry.modules["loyalty"], Left(settings={}, missing_since=None)
    home = installation(shop.runtime)
    assert plugin_archive.export_and_drop(home, shop.tenant, module, tmp_path / "one.zip", left)
    assert not plugin_archive.export_and_drop(home, shop.tenant, module, tmp_path / "two.zip", left)
    assert not (tmp_path / "two.zip").exists()
