"""A workspace leaves one home and arrives in another by two commands."""

import json
from pathlib import Path

import psycopg
import pytest

from core.embedded import postgres
from tenants.billing.plans import BUSINESS, FREE


@pytest.mark.long
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


@pytest.mark.long
def test_a_workspace_is_closed_and_opened_again_and_lets_people_in(guanxi, served: Path):
    first = guanxi("workspaces", "create", "Acme", "--slug", "acme", "--owner", "ann@example.com")
    assert json.loads(first.stdout)["password"]
    again = guanxi("workspaces", "create", "Beta", "--slug", "beta", "--owner", "ann@example.com")
    assert json.loads(again.stdout)["password"] is None
    added = guanxi("members", "add", "acme", "bo@example.com", "--role", "manager")
    assert json.loads(added.stdout)["password"]
    assert guanxi("members", "add", "nowhere", "bo@example.com").returncode == 1
    closed = guanxi("workspaces", "delete", "acme")
    assert json.loads(closed.stdout)["removed_after"]
    listed = [json.loads(line) for line in guanxi("workspaces", "list").stdout.splitlines()]
    assert {one["slug"]: one["state"] for one in listed} == {"acme": "deleting", "beta": "active"}
    assert json.loads(guanxi("workspaces", "delete", "acme", "--undo").stdout)["removed_after"] is None
    key = guanxi(
        "keys", "create", "acme", "--member", "bo@example.com", "--scope", "customers:read", "--test"
    )
    assert key.stdout.startswith("gx_test_"), key.stderr
    (shown,) = map(json.loads, guanxi("keys", "list", "acme").stdout.splitlines())
    assert (shown["mode"], shown["scopes"]) == ("test", ["customers:read"])


def test_a_workspace_begins_with_the_plan_that_is_named_or_the_largest(guanxi, migrated: Path):
    for name, *plan in (("acme",), ("beta", "--plan", "free")):
        made = guanxi("workspaces", "create", name, "--slug", name, "--owner", "ann@example.com", *plan)
        assert made.returncode == 0, made.stderr
    server = postgres.start(migrated)
    try:
        with psycopg.connect(server.dsn) as admin:
            found = admin.execute(
                "SELECT t.slug, t.limits, a.plan, a.source FROM control.tenant t"
                " JOIN control.billing_account a ON a.tenant_id = t.id ORDER BY t.slug"
            ).fetchall()
    finally:
        server.stop()
    assert found == [
        ("acme", dict(BUSINESS.limits), "business", "gift"),
        ("beta", dict(FREE.limits), "free", "none"),
    ]
