"""An archive of a module comes back from a file that somebody kept: ours alone, whole, and into empty tables."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from core.kernel.errors import PaymentRequired
from core.tenancy import plugin_archive
from tenants.marketplace import jobs, leaving, uploads
from tests.fixtures.people import Person
from tests.fixtures.planted import Plant
from tests.tenants.marketplace.conftest import Shop
from tests.tenants.marketplace.test_archives import away, kept, on
from tests.tenants.marketplace.test_service import new_customer
from tests.tenants.workspace.bringing import changed


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)


async def sent(owner: Person, content: bytes | None, plugin: str = "loyalty", name: str = "a.zip") -> Any:
    files = None if content is None else {"file": (name, content, "application/zip")}
    return await owner.api.post(f"/plugins/{plugin}/archive", files=files)


async def taken(shop: Shop, owner: Person) -> bytes:
    """An archive that somebody downloaded, where the kept one is gone since."""
    await on(shop)
    await new_customer(shop, "First")
    await shop.drain()
    name = await away(shop)
    content = (await owner.api.get("/plugins/loyalty/archive")).content
    assert content == kept(shop, name).read_bytes()
    for path in kept(shop, name).parent.iterdir():
        path.unlink()
    assert (await owner.api.get("/plugins/loyalty/archive")).status_code == 404
    return content


def archives(shop: Shop) -> list[str]:
    return sorted(path.name for path in leaving.place(shop.runtime, shop.tenant).iterdir())


async def test_a_downloaded_archive_comes_back_by_a_program(shop: Shop, owner: Person) -> None:
    content = await taken(shop, owner)
    answer = await sent(owner, content)
    assert (answer.status_code, answer.json()["state"]) == (200, "enabling")
    assert (await sent(owner, content)).json()["code"] == "plugin.busy"
    assert len(archives(shop)) == 1
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points()[:2] == ["installed", "event First"]
    assert archives(shop) == []
    refused = await sent(owner, content)
    assert (refused.status_code, refused.json()["code"]) == (409, "archive.rows")


async def test_a_downloaded_archive_comes_back_on_the_page(shop: Shop, owner: Person) -> None:
    content = await taken(shop, owner)
    page = (await owner.page.get(owner.w("/marketplace/loyalty"))).text
    assert "Bring an archive back" in page
    changed = content.replace(b"manifest.json", b"manifest.jsom")
    refused = await owner.post("/marketplace/loyalty/archive", files={"file": ("a.zip", changed)})
    assert refused.status_code == 400
    assert "This archive was not written here for this workspace, or it was changed since." in refused.text
    assert await shop.state() == "uninstalled"
    answer = await owner.post("/marketplace/loyalty/archive", files={"file": ("a.zip", content)})
    assert answer.status_code == 303
    await shop.drain()
    assert shop.points()[:2] == ["installed", "event First"]
    refused = await owner.post("/marketplace/loyalty/archive", files={"file": ("a.zip", content)})
    assert refused.status_code == 409
    assert "This module holds data already." in refused.text


async def test_a_module_that_is_on_and_holds_nothing_takes_an_archive(shop: Shop, owner: Person) -> None:
    content = await taken(shop, owner)
    await on(shop)
    with psycopg.connect(shop.settings.admin_dsn()) as admin:
        admin.execute(f"DELETE FROM {shop.tenant.schema}.loyalty_point".encode())
    assert (await sent(owner, content)).status_code == 200
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points()[:2] == ["installed", "event First"]


async def test_nothing_is_kept_of_what_is_refused(
    shop: Shop, owner: Person, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await taken(shop, owner)
    zed, bo = shop.cast.people["zed"], shop.cast.people["bo"]
    at = content.index(b"tables/loyalty_point.copy") + 60
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert (await sent(owner, changed)).json()["code"] in {"archive.unknown", "archive.broken"}
    assert (await sent(owner, b"no zip at all")).json()["code"] == "archive.broken"
    assert (await sent(owner, None)).status_code == 422
    assert (await sent(owner, b"", name="")).status_code == 422
    assert (await sent(owner, content, "nothing")).status_code == 404
    assert (await sent(owner, content, "customers")).status_code == 404
    headers = {"Authorization": f"Bearer {zed.key}"}
    elsewhere = await owner.api.post(
        "/plugins/loyalty/archive", files={"file": ("a.zip", content)}, headers=headers
    )
    assert elsewhere.json()["code"] == "archive.unknown"
    headers = {"Authorization": f"Bearer {bo.key}"}
    denied = await owner.api.post(
        "/plugins/loyalty/archive", files={"file": ("a.zip", content)}, headers=headers
    )
    assert denied.status_code == 403
    monkeypatch.setattr(plugin_archive, "MAX_BYTES", 9)
    assert (await sent(owner, content)).json()["code"] == "archive.too_large"
    assert archives(shop) == []
    assert await shop.state() == "uninstalled"
    assert not shop.tables()


async def test_an_archive_of_another_module_is_named_as_that(shop: Shop, owner: Person, plant: Plant) -> None:
    content = await taken(shop, owner)
    models = 'from core.sdk import Base, Row\nclass Cup(Row, Base):\n    __tablename__ = "bonus_cup"\n'
    shop.use(plant("bonus", {"plugin.py": "", "models.py": models}))
    owner.api._transport.app = shop.app  # type: ignore[attr-defined]
    assert (await sent(owner, content, "bonus")).json()["code"] == "archive.other_module"
    plain = plant("plain", {"plugin.py": ""})
    shop.use(plain)
    owner.api._transport.app = shop.app  # type: ignore[attr-defined]
    assert (await sent(owner, content, "plain")).status_code == 404


async def test_sent_again_under_its_key_it_is_done_once(shop: Shop, owner: Person) -> None:
    content = await taken(shop, owner)
    answers = [
        await owner.api.post(
            "/plugins/loyalty/archive",
            files={"file": ("a.zip", sending)},
            headers={"Idempotency-Key": "archive-1"},
        )
        for sending in (content, content, content + b"!")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(archives(shop)) == 1


async def test_what_cannot_be_switched_on_leaves_no_file(
    shop: Shop, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await taken(shop, owner)

    async def refuse(*_args: Any, **_options: Any) -> None:
        raise PaymentRequired(code="billing.needed")

    monkeypatch.setattr("tenants.billing.service.add_plugin", refuse)
    assert (await sent(owner, content)).status_code == 402
    assert archives(shop) == []


async def test_what_says_that_it_is_too_large_is_not_even_read(shop: Shop, owner: Person) -> None:
    content = await taken(shop, owner)
    headers = {"Content-Length": str(uploads.BODY_BYTES + 1)}
    files = {"file": ("a.zip", content)}
    for send in (
        owner.api.post("/plugins/loyalty/archive", files=files, headers=headers),
        owner.post("/marketplace/loyalty/archive", files=files, headers=headers),
    ):
        assert (await send).status_code == 413
    assert archives(shop) == []


async def test_what_the_key_of_the_workspace_signed_reaches_no_table_of_others(
    shop: Shop, owner: Person
) -> None:
    content = await taken(shop, owner)
    forged = changed(
        content,
        {"tables/event.copy": b""},
        lambda about: about["tables"].update(event=["id"]),
        signer=shop.runtime.keyring.cipher(shop.tenant.key),
    )
    assert (await sent(owner, forged)).status_code == 200
    await shop.drain()
    assert await shop.state() == "failed"
    assert not shop.tables()
