"""A workspace leaves one home and arrives in another by two commands."""

import json
from pathlib import Path

import psycopg

from core.embedded import postgres


def test_a_workspace_moves_from_home_to_home(guanxi, migrated: Path):
    archive, other = migrated.parent / "acme.zip", migrated.parent / "other"
    created = guanxi("workspaces", "create", "Acme", "--slug", "acme", "--owner", "ann@example.com")
    assert created.returncode == 0, created.stderr
    done = guanxi("workspaces", "export", "acme", str(archive), GUANXI_PASSPHRASE="words")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["slug"] == "acme"
    done = guanxi("workspaces", "import", str(archive), GUANXI_HOME=str(other), GUANXI_PASSPHRASE="words")
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["passwords"]) == ["ann@example.com"]
    server = postgres.start(other)
    try:
        with psycopg.connect(server.dsn) as admin:
            schema = admin.execute("SELECT schema FROM control.tenant WHERE slug = 'acme'").fetchone()
            assert schema is not None
            row = admin.execute(
                f"SELECT a.email, m.role FROM {schema[0]}.member m JOIN control.account a ON a.id = m.account_id"
            ).fetchone()
    finally:
        server.stop()
    assert row == ("ann@example.com", "owner")
