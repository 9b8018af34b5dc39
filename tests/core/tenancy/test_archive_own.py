"""An archive of our own becomes a tenant that nobody sees before it is opened; the operator reads all the others."""

import zipfile
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from core.cli import database
from core.kernel.errors import BadRequest
from core.kernel.secrets import KeyRing
from core.tenancy import archive_own, provisioning, signed_archive
from core.tenancy.archive import Installation, export_tenant, import_tenant
from tests.fixtures.server import KEYRING

PHRASE = "correct horse battery staple"


@pytest.fixture
def here(database_settings, tmp_path):
    return Installation(database_settings, KEYRING, tmp_path / "files")


@pytest.fixture
def written(here, tenant, tmp_path):
    path = tmp_path / "acme.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    return path


def there(home, schema):
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        return admin.execute(
            "SELECT to_regrole(%s) IS NOT NULL, to_regnamespace(%s) IS NOT NULL, "
            "EXISTS (SELECT FROM control.tenant WHERE schema = %s)",
            [schema] * 3,
        ).fetchone()


def test_a_draft_is_filled_and_gone_without_a_trace(here, tenant, written):
    with written.open("rb") as file:
        coming = archive_own.check(here, file, PHRASE)
    assert (coming.slug, coming.name) == (tenant.slug, tenant.name)
    assert here.keyring.cipher(coming.key).digest("x", "y") == here.keyring.cipher(tenant.key).digest(
        "x", "y"
    )
    assert replace(coming, key=b"") == archive_own.read(here, written)
    made = archive_own.draft(here, uuid4(), coming.key)
    try:
        assert there(here, made.schema) == (True, True, True)
        steps = list(archive_own.fill(here, written, made))
        assert [done for done, _ in steps] == list(range(len(steps)))
        assert steps[-1][0] == steps[-1][1]
    finally:
        archive_own.discard(here, made)
    assert there(here, made.schema) == (False, False, False)
    archive_own.discard(here, made)


def test_nobody_migrates_what_is_being_filled(here, tenant, written):
    made = archive_own.draft(here, uuid4(), b"key")
    try:
        schemas = {schema for _, _, some in database._targets(here.settings) for schema in some}
        assert tenant.schema in schemas
        assert made.schema not in schemas
    finally:
        archive_own.discard(here, made)


def test_a_draft_that_has_only_a_row_goes_as_well(here, monkeypatch):
    """The row is written first: killed in between, nothing is there that nobody knows of."""
    names = []

    def killed(_settings, _cell, schema, _number):
        names.append(schema)
        raise KeyboardInterrupt

    monkeypatch.setattr(provisioning, "_make_empty", killed)
    tenant_id = uuid4()
    with pytest.raises(KeyboardInterrupt):
        archive_own.draft(here, tenant_id, b"key")
    (schema,) = names
    assert there(here, schema) == (False, False, True)
    with psycopg.connect(here.settings.admin_dsn()) as admin:
        row = admin.execute("SELECT slug, state FROM control.tenant WHERE id = %s", [tenant_id]).fetchone()
    assert row == (None, "deleting")
    left = provisioning.Tenant(id=tenant_id, slug="", name="", schema=schema)
    archive_own.discard(here, left)
    assert there(here, schema) == (False, False, False)


def test_an_archive_from_elsewhere_is_the_operators(here, tenant, written):
    elsewhere = replace(here, keyring=KeyRing(b"e" * 32))
    with written.open("rb") as file, pytest.raises(BadRequest) as caught:
        archive_own.check(elsewhere, file, PHRASE)
    assert caught.value.code == "archive.foreign"
    made = import_tenant(elsewhere, written, passphrase=PHRASE, slug="elsewhere", as_copy=True)
    with psycopg.connect(here.settings.admin_dsn()) as admin:
        row = admin.execute("SELECT schema, slice FROM control.tenant WHERE id = %s", [made]).fetchone()
    archive_own.discard(here, provisioning.Tenant(id=made, slug="", name="", schema=row[0], slice=row[1]))


def test_every_part_is_named_with_its_digest(here, written):
    with signed_archive.checked(written, here.keyring) as (archive, manifest):
        named = set(manifest["parts"])
    with zipfile.ZipFile(written) as archive:
        assert set(archive.namelist()) == named | {"manifest.json", "signature"}
