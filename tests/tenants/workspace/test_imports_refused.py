"""What does not come in, by name, and what no failure leaves behind: schema, role, rows, file."""

import io
import struct
import zipfile

import pytest

from core.kernel.ids import uuid7
from core.kernel.secrets import KeyRing
from core.tenancy import archive_own
from tenants.accounts import authentication as sessions
from tenants.api_keys import authentication
from tenants.workspace.models import Import
from tests.tenants.accounts.mails import subjects
from tests.tenants.workspace.bringing import PASSPHRASE, archive_of, changed, letters, send, told


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    monkeypatch.setattr(sessions, "TTL_S", 0.0)
    monkeypatch.setattr("core.runtime.ACTOR_TTL_S", 0.0)
    authentication._kept.clear()


async def test_everything_that_is_wrong_with_the_form_is_told_together(ann, made):
    refused = await send(ann, None, None)
    assert refused.status_code == 422
    assert {one["path"] for one in refused.json()["errors"]} == {"file", "passphrase"}
    refused = await send(ann, None)
    assert [one["path"] for one in refused.json()["errors"]] == ["file"]
    refused = await send(ann, b"zip", "")
    assert [one["path"] for one in refused.json()["errors"]] == ["passphrase"]
    page = await ann.post("/settings/data/imports", {"passphrase": ""}, files={"other": ("", b"")})
    assert page.status_code == 422
    assert "Choose a file." in page.text
    refused = await send(ann, b"zip", "x" * 201)
    assert refused.status_code == 422
    assert await made() == []


def with_manifest(edit, *, by_us=False):
    return lambda content, ring: changed(content, manifest=edit, signer=ring if by_us else None)


def other_format(about):
    about["format"] = 99


def other_version(about):
    about["components"]["core"] = "core_9999"


def unknown_module(about):
    about["components"]["loyalty"], about["tables"]["loyalty"] = "0001", {}


def other_tenant(about):
    about["tenant"]["id"] = str(uuid7())


def stored_badly(content, _ring):
    """One whose parts are packed in a way that nobody here packs them."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as box, zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as other:
        for name in box.namelist():
            other.writestr(name, box.read(name))
    return target.getvalue()


def twice(content, _ring):
    """One with a second manifest beside the signed one."""
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as box, pytest.warns(UserWarning, match="Duplicate name"):
        box.writestr("manifest.json", b"{}")
    return target.getvalue()


def torn(name):
    """One in which some bytes of a part were turned over on the way."""

    def make(content, _ring=None):
        with zipfile.ZipFile(io.BytesIO(content)) as box:
            info = box.getinfo(name)
        at = info.header_offset + 30 + len(name.encode()) + info.compress_size // 2
        return content[:at] + bytes(byte ^ 0xFF for byte in content[at : at + 8]) + content[at + 8 :]

    return make


def endless(_content, _ring):
    """One that says that its list of parts alone is longer than any memory."""
    return bytes(100) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**31, 0, 0)


REFUSED = {
    "a torn manifest": (torn("manifest.json"), "archive.broken"),
    "an endless one": (endless, "archive.too_large"),
    "a manifest in no script": (
        lambda content, _ring: changed(content, {"manifest.json": b"\xff"}, raw=True),
        "archive.foreign",
    ),
    "nothing of the kind": (lambda _content, _ring: b"no archive at all", "archive.broken"),
    "half of one": (lambda content, _ring: content[: len(content) // 2], "archive.broken"),
    "an empty one": (lambda _content, _ring: b"PK\x05\x06" + bytes(18), "archive.foreign"),
    "no signature": (
        lambda content, _ring: changed(content, {}, None).replace(b"signature", b"signaturf"),
        "archive.foreign",
    ),
    "another manifest": (with_manifest(other_tenant), "archive.foreign"),
    "a forged tenant in the format": (with_manifest(other_format), "archive.foreign"),
    "two manifests": (twice, "archive.foreign"),
    "another packing": (stored_badly, "archive.foreign"),
    "from another installation": (
        lambda content, _ring: changed(content, signer=KeyRing(b"e" * 32)),
        "archive.foreign",
    ),
    "another format": (with_manifest(other_format, by_us=True), "archive.other_version"),
    "a newer version": (with_manifest(other_version, by_us=True), "archive.other_version"),
    "modules that are gone": (with_manifest(unknown_module, by_us=True), "archive.modules"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_archive_of_ours_is_named_and_leaves_nothing(ann, made, traces, tmp_path, case):
    make, code = REFUSED[case]
    content = make(archive_of(ann, tmp_path), ann.runtime.keyring)
    before = traces()
    refused = await send(ann, content)
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
    assert refused.json()["detail"]
    form = {"passphrase": PASSPHRASE}
    page = await ann.post("/settings/data/imports", form, files={"file": ("a.zip", content)})
    assert page.status_code == 400
    assert refused.json()["detail"].split(":")[0] in page.text
    assert traces() == before
    assert await told(ann) == []


async def test_what_the_key_of_a_workspace_signed_is_not_ours(ann, made, tmp_path):
    """Whoever has an archive and its passphrase has that key, and can sign with it whatever he likes."""
    cipher = ann.runtime.keyring.cipher(ann.tenant.key)
    refused = await send(ann, changed(archive_of(ann, tmp_path), signer=cipher))
    assert refused.json()["code"] == "archive.foreign"


async def test_one_that_unpacks_to_too_much_is_refused_by_what_it_says(ann, made, tmp_path, monkeypatch):
    content = archive_of(ann, tmp_path)
    monkeypatch.setattr(archive_own, "MOST_BYTES", 10)
    refused = await send(ann, content)
    assert (refused.status_code, refused.json()["code"]) == (400, "archive.too_large")
    headers = {"Content-Length": str(2 * 1024**3)}
    assert (await send(ann, content, headers=headers)).status_code == 413


async def test_a_wrong_passphrase_is_told_at_its_field(ann, made, traces, tmp_path):
    content, before = archive_of(ann, tmp_path), traces()
    refused = await send(ann, content, "another passphrase")
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["path"], error["message"]) == (
        "passphrase",
        "This passphrase does not open the archive.",
    )
    assert traces() == before


MEMBER = "tables/core/member.copy"
SPOILT = {
    "a part torn": lambda content, _ring: torn(MEMBER)(content),
    "a part changed": lambda content, _ring: changed(content, {MEMBER: b"other"}),
    "a part gone": lambda content, _ring: changed(content, {MEMBER: None}),
    "a part more": lambda content, _ring: changed(content, {"tables/core/extra.copy": b""}),
    "a file that leaves its folder": lambda content, ring: changed(
        content, {"files/../../evil": b"evil"}, signer=ring
    ),
    "a file that is not what it says": lambda content, ring: changed(
        content, {f"files/{'0' * 64}": b"evil"}, signer=ring
    ),
    "rows that break constraints": lambda content, ring: changed(content, {MEMBER: b""}, signer=ring),
    "rows that are none": lambda content, ring: changed(content, {MEMBER: b"a\\x00\tb\n"}, signer=ring),
    "a table of the control plane": lambda content, ring: changed(
        content,
        {"tables/core/membership.copy": b""},
        lambda about: about["tables"]["core"].update(membership=["id"]),
        signer=ring,
    ),
    "a table of the cell": lambda content, ring: changed(
        content,
        {"tables/core/job.copy": b""},
        lambda about: about["tables"]["core"].update(job=["id"]),
        signer=ring,
    ),
    "the version of the schema": lambda content, ring: changed(
        content,
        {"tables/core/alembic_core.copy": b"core_9999\n"},
        lambda about: about["tables"]["core"].update(alembic_core=["version_num"]),
        signer=ring,
    ),
    "a column that is none": lambda content, ring: changed(
        content, None, lambda about: about["tables"]["core"].update(member=["nothing"]), signer=ring
    ),
}


@pytest.mark.parametrize("case", SPOILT)
async def test_what_is_damaged_leaves_nothing_even_where_we_had_signed_it(
    ann, drain, made, traces, tmp_path, case
):
    await ann.api.post("/customers", json={"name": "Halden"})
    content, before = SPOILT[case](archive_of(ann, tmp_path), ann.runtime.keyring), traces()
    assert (await send(ann, content)).status_code == 202
    await drain()
    assert traces() == before
    (one,) = await told(ann)
    assert one["problem"] == archive_own.DAMAGED
    assert one["failed_at"]
    assert (one["slug"], one["finished_at"]) == (None, None)
    page = (await ann.page.get(ann.w("/settings/data"))).text
    assert archive_own.DAMAGED in page
    assert subjects(ann.runtime, "ann@acme.test")[0] == "acme.zip could not be read in"
    assert archive_own.DAMAGED in letters(ann, "ann@acme.test")[0]
    async with ann.runtime.control() as control:
        row = await control.session.get_one(Import, one["id"])
        assert (row.key, row.made_id) == (None, None)
