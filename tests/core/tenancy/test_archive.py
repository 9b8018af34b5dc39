"""A tenant leaves as one archive and arrives elsewhere as it was, secrets and files included."""

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from core.kernel.db import metadata
from core.kernel.errors import BadRequest, Conflict
from core.kernel.secrets import KeyRing, SealBrokenError
from core.tenancy.archive import Installation, export_tenant, import_tenant
from core.tenancy.components import component
from core.tenancy.directory import Tenant, tenant_of
from core.tenancy.provisioning import drop, make_schema
from tests.fixtures.server import KEYRING, copy_template

PHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def here(database_settings, tmp_path_factory):
    return Installation(database_settings, KEYRING, tmp_path_factory.mktemp("here"))


@pytest.fixture(scope="module")
def elsewhere(server, worker_id, tmp_path_factory):
    """Another installation: another database, another master key, other files."""
    name = f"gx_elsewhere_{worker_id}"
    settings = copy_template(server, name)
    with psycopg.connect(settings.admin_dsn()) as admin:
        admin.execute("DELETE FROM control.tenant")
    yield Installation(settings, KeyRing(b"e" * 32), tmp_path_factory.mktemp("elsewhere"))
    with psycopg.connect(settings.admin_dsn()) as admin:
        roles = [row[0] for row in admin.execute("SELECT schema FROM control.tenant")]
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for role in roles:
            admin.execute(f"DROP ROLE {role}")


@pytest.fixture
def filled(here, tenant, committing):
    """The tenant with a row full of awkward characters, a sealed value and a file."""
    source = uuid4()
    sealed = KEYRING.cipher(tenant.key).encrypt("hush", f"{tenant.id}|handled|state|{source}")
    state = {"text": "张伟\t\\N\n\"'; DROP", "sealed": sealed}
    with psycopg.connect(here.settings.admin_dsn()) as admin:
        admin.execute(
            f"INSERT INTO {tenant.schema}.handled (source_id, subscriber, step, seq, state, handled_at) "
            "VALUES (%s, 'x', 's', 1, %s, now())",
            [source, json.dumps(state)],
        )
        admin.execute(
            "INSERT INTO control.tenant_plugin (tenant_id, plugin, state, version, settings, secrets) "
            "VALUES (%s, 'marketing.forms', 'enabled', '1.0', '{\"a\": 1}', '{}')",
            [tenant.id],
        )
    content = b"contract"
    digest = hashlib.sha256(content).hexdigest()
    folder = here.files / tenant.schema
    folder.mkdir(exist_ok=True)
    (folder / digest).write_bytes(content)
    return source, state, digest


def read(home: Installation, tenant_id) -> Tenant:
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        cursor = admin.execute("SELECT * FROM control.tenant WHERE id = %s", [tenant_id])
        row = cursor.fetchone()
        assert row is not None
        values = dict(zip([column.name for column in cursor.description], row, strict=True))
    return tenant_of(
        {name: values[name] for name in Tenant.__dataclass_fields__ if name not in {"plugins", "options"}}
    )


def test_a_tenant_moves_to_another_installation(here, elsewhere, tenant, filled, tmp_path):
    source, state, digest = filled
    path = tmp_path / "acme.zip"
    manifest = export_tenant(here, tenant, path, passphrase=PHRASE)
    assert manifest["files"] == 1
    assert not path.with_name("acme.zip.partial").exists()
    forget(elsewhere, tenant)
    assert import_tenant(elsewhere, path, passphrase=PHRASE) == tenant.id
    moved = read(elsewhere, tenant.id)
    assert (moved.slug, moved.name, moved.currency) == (tenant.slug, tenant.name, tenant.currency)
    assert moved.schema != tenant.schema
    with psycopg.connect(elsewhere.settings.admin_dsn()) as admin:
        row = admin.execute(f"SELECT source_id, state FROM {moved.schema}.handled").fetchone()
        plugins = admin.execute("SELECT plugin, settings FROM control.tenant_plugin").fetchall()
    assert row == (source, state)
    assert plugins == [("marketing.forms", {"a": 1})]
    aad = f"{tenant.id}|handled|state|{source}"
    assert elsewhere.keyring.cipher(moved.key).decrypt(row[1]["sealed"], aad) == "hush"
    with pytest.raises(SealBrokenError):
        elsewhere.keyring.cipher(tenant.key)
    assert (elsewhere.files / moved.schema / digest).read_bytes() == b"contract"
    assert structure(here, tenant.schema) == structure(elsewhere, moved.schema)
    with pytest.raises(Conflict) as caught:
        import_tenant(elsewhere, path, passphrase=PHRASE)
    assert caught.value.code == "tenant.exists"


@pytest.fixture
def left(here, tenant, filled):
    """What a module left that was removed from the tenant; and something that is nobody's archive."""
    name = f"loyalty-{uuid4()}.zip"
    folder = here.files / tenant.schema / "modules"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"points")
    (folder / "half.partial").write_bytes(b"half")
    with psycopg.connect(here.settings.admin_dsn()) as admin:
        admin.execute(
            "INSERT INTO control.tenant_plugin (tenant_id, plugin, state, archive, disabled_at) "
            "VALUES (%s, 'loyalty', 'uninstalled', %s, '2026-01-02 03:04:05+00')",
            [tenant.id, name],
        )
    yield name
    shutil.rmtree(folder)


def forget(home, tenant):
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        admin.execute("DELETE FROM control.tenant_plugin WHERE tenant_id = %s", [tenant.id])
        # Its role is dropped with the database, by the row that names it.
        admin.execute(
            "UPDATE control.tenant SET id = gen_random_uuid(), slug = NULL WHERE id = %s", [tenant.id]
        )


def left_row(home, tenant_id):
    query = (
        "SELECT archive, extract(year FROM disabled_at)::int FROM control.tenant_plugin "
        "WHERE tenant_id = %s AND plugin = 'loyalty'"
    )
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        return admin.execute(query, [tenant_id]).fetchone()


def test_what_removed_modules_left_moves_along_and_stays_out_of_copies(
    here, elsewhere, tenant, left, tmp_path
):
    path = tmp_path / "acme.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if name.startswith("modules/")] == [f"modules/{left}"]
    forget(elsewhere, tenant)
    moved = read(elsewhere, import_tenant(elsewhere, path, passphrase=PHRASE, slug="moved"))
    assert (elsewhere.files / moved.schema / "modules" / left).read_bytes() == b"points"
    assert left_row(elsewhere, tenant.id) == (left, 2026)
    copied = read(here, import_tenant(here, path, passphrase=PHRASE, slug="acme-copy", as_copy=True))
    try:
        assert not (here.files / copied.schema / "modules").exists()
        assert left_row(here, copied.id) == ("", 2026)
    finally:
        drop(here.settings, copied)


def structure(home, schema):
    """Every constraint, index and grant of a schema, its own name left out."""
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        admin.execute(f"SET search_path = {schema}, ext")
        rows = admin.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = current_schema()::regnamespace "
            "UNION ALL SELECT tablename, indexname, replace(indexdef, schemaname, '') FROM pg_indexes "
            "WHERE schemaname = current_schema() "
            "UNION ALL SELECT table_name, replace(grantee, current_schema(), ''), privilege_type::text "
            "FROM information_schema.role_table_grants WHERE table_schema = current_schema() ORDER BY 1, 2, 3"
        ).fetchall()
    # Other tests keep tables of their own beside the product's.
    ours = [row for row in rows if row[0].rpartition(".")[2] in metadata.tables]
    assert len(ours) > 50
    return ours


def test_a_copy_stands_beside_the_live_tenant(here, tenant, filled, tmp_path):
    path = tmp_path / "acme.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    with pytest.raises(Conflict):
        import_tenant(here, path, passphrase=PHRASE)
    with pytest.raises(Conflict) as caught:
        import_tenant(here, path, passphrase=PHRASE, as_copy=True)
    assert caught.value.code == "tenant.slug_taken"
    copied = read(here, import_tenant(here, path, passphrase=PHRASE, slug="acme-copy", as_copy=True))
    try:
        assert copied.id != tenant.id
        with psycopg.connect(here.settings.admin_dsn()) as admin:
            for table in component("core").tables():
                rows = [
                    admin.execute(f"SELECT count(*) FROM {schema}.{table.name}").fetchone()
                    for schema in (tenant.schema, copied.schema)
                ]
                assert rows[0] == rows[1], table.name
    finally:
        drop(here.settings, copied)


def test_a_wrong_passphrase_changes_nothing(here, elsewhere, tenant, filled, tmp_path):
    path = tmp_path / "acme.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    before = schemas(elsewhere)
    with pytest.raises(BadRequest) as caught:
        import_tenant(elsewhere, path, passphrase="wrong", slug="other", as_copy=True)
    assert caught.value.code == "archive.passphrase"
    assert schemas(elsewhere) == before


def schemas(home):
    with psycopg.connect(home.settings.admin_dsn()) as admin:
        return admin.execute("SELECT nspname FROM pg_namespace ORDER BY 1").fetchall()


def change(path, target, edit):
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as changed:
        for info in source.infolist():
            content = edit(info.filename, source.read(info))
            if content is not None:
                changed.writestr(info.filename, content)


BREAKAGES = {
    "no manifest": ("manifest.json", lambda content: None),
    "half a manifest": ("manifest.json", lambda content: b"{"),
    "another shape": ("manifest.json", lambda content: b"[]"),
    "another format": ("manifest.json", lambda content: content.replace(b'"format": 1', b'"format": 99')),
    "another table": ("manifest.json", lambda content: content.replace(b'"handled"', b'"pg_authid"')),
    "another version": (
        "manifest.json",
        lambda content: content.replace(b'"core": "core', b'"core": "elder'),
    ),
    "a table's rows missing": ("handled.copy", lambda content: None),
    "a table's rows broken": ("handled.copy", lambda content: b"broken\n"),
    "a file changed": ("files/", lambda content: b"other"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_archive_leaves_nothing(here, elsewhere, tenant, filled, tmp_path, breakage):
    where, edit = BREAKAGES[breakage]
    path, broken = tmp_path / "acme.zip", tmp_path / "broken.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    change(path, broken, lambda name, content: edit(content) if where in name else content)
    before = schemas(elsewhere)
    with pytest.raises(BadRequest):
        import_tenant(elsewhere, broken, passphrase=PHRASE, slug="broken", as_copy=True)
    assert schemas(elsewhere) == before


EVIL = (
    "files/../../evil",
    "files//etc/evil",
    "files/..",
    "files/evil",
    "modules/../evil",
    "modules/evil.zip",
)


@pytest.mark.parametrize("name", EVIL)
def test_a_file_cannot_leave_its_folder(here, elsewhere, tenant, filled, tmp_path, name):
    path, broken = tmp_path / "acme.zip", tmp_path / "broken.zip"
    export_tenant(here, tenant, path, passphrase=PHRASE)
    change(path, broken, lambda _, content: content)
    with zipfile.ZipFile(broken, "a") as archive:
        archive.writestr(name, b"evil")
    forget(elsewhere, tenant)
    with pytest.raises(BadRequest):
        import_tenant(elsewhere, broken, passphrase=PHRASE, slug="evil", as_copy=name.startswith("files"))
    assert not list(tmp_path.rglob("evil"))


def test_an_export_is_of_one_instant(here, tenant, filled, tmp_path, monkeypatch):
    """Rows written while it runs are all in it or all out of it."""
    path = tmp_path / "acme.zip"
    from core.tenancy import archive as module

    original = module._write_table

    def slow(*args):
        names = original(*args)
        with psycopg.connect(here.settings.admin_dsn()) as admin:
            admin.execute(
                f"INSERT INTO {tenant.schema}.handled (source_id, subscriber, step, seq, handled_at) "
                "VALUES (gen_random_uuid(), 'late', 's', 1, now())"
            )
        return names

    monkeypatch.setattr(module, "_write_table", slow)
    export_tenant(here, tenant, path, passphrase=PHRASE)
    with zipfile.ZipFile(path) as archive:
        assert b"late" not in archive.read("tables/core/handled.copy")


def test_a_schema_made_for_an_import_is_empty(here):
    schema, number = make_schema(here.settings)
    try:
        with psycopg.connect(here.settings.admin_dsn()) as admin:
            assert admin.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = %s", [schema]
            ).fetchone() == (0,)
    finally:
        drop(here.settings, replace(Tenant(id=uuid4(), slug="", name="", schema=schema), slice=number))
