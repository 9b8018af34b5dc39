"""Archives as tests write, change and bring them."""

import hashlib
import io
import json
import zipfile

from core.tenancy import signed_archive
from core.tenancy.archive import export_tenant
from tenants.process import installation

PASSPHRASE = "a long passphrase"


def archive_of(person, tmp_path, passphrase=PASSPHRASE):
    """A person's workspace as an archive that this installation wrote."""
    path = tmp_path / "acme.zip"
    export_tenant(installation(person.runtime), person.tenant, path, passphrase=passphrase)
    return path.read_bytes()


async def send(person, content, passphrase=PASSPHRASE, name="acme.zip", **options):
    """Bring an archive by a program."""
    files = {"other": ("", b"")} if content is None else {"file": (name, content, "application/zip")}
    data = {} if passphrase is None else {"passphrase": passphrase}
    return await person.api.post("/workspace/imports", data=data, files=files, **options)


def packed(parts):
    """These parts as an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return target.getvalue()


def changed(content, parts=None, manifest=None, *, signer=None, raw=False):
    """An archive with other parts or another manifest; with a signer as if that one had written it."""
    box = zipfile.ZipFile(io.BytesIO(content))
    if raw:
        return packed({name: box.read(name) for name in box.namelist()} | parts)
    found = {name: box.read(name) for name in box.namelist()} | (parts or {})
    about, signature = json.loads(found.pop("manifest.json")), found.pop("signature")
    found = {name: part for name, part in found.items() if part is not None}
    if manifest is not None:
        manifest(about)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in found.items():
            archive.writestr(name, part)
        if signer is None:
            archive.writestr("manifest.json", json.dumps(about, ensure_ascii=False))
            archive.writestr("signature", signature)
        else:
            about["parts"] = {name: hashlib.sha256(part).hexdigest() for name, part in found.items()}
            signed_archive.sign(archive, about, signer)
    return target.getvalue()


async def told(person):
    """What the person's workspace tells of the archives that were brought."""
    return (await person.api.get("/workspace/imports")).json()["data"]


def letters(person, to):
    """The mails to an address, the latest first."""
    inbox = person.runtime.mailer.inbox
    return [inbox.read(entry.id).text for entry in inbox.newest() if entry.to == to]
