"""Revisions are compiled once and replayed for every tenant, each step once, whatever comes between."""

import threading

import psycopg
import pytest

from core.tenancy import runner
from core.tenancy.components import Component, component
from core.tenancy.linter import lint
from core.tenancy.migrations import Step, UnknownRevision, compile_history, head
from core.tenancy.provisioning import drop, fill_pool
from tests.fixtures.server import KEYRING

FIRST = """
import sqlalchemy as sa
from alembic import op
revision = "toy_1"
down_revision = None
def upgrade():
    op.create_table("toy_ship", sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False))
"""
SECOND = """
import sqlalchemy as sa
from alembic import op
revision = "toy_2"
down_revision = "toy_1"
def upgrade():
    op.add_column("toy_ship", sa.Column("name", sa.Text()))
"""
THIRD = """
from alembic import op
revision = "toy_3"
down_revision = "toy_2"
transactional = False
def upgrade():
    op.create_index("ix_toy_ship_name", "toy_ship", ["name"], postgresql_concurrently=True, if_not_exists=True)
"""


@pytest.fixture
def toy(tmp_path):
    """A component of its own with a history that grows."""
    versions = tmp_path / "versions"
    versions.mkdir()
    item = Component("toy", tmp_path, component("core").metadata)

    def write(*texts):
        for number, text in enumerate(texts, 1):
            (versions / f"{number}.py").write_text(text)
        compile_history.cache_clear()
        return item

    yield write
    compile_history.cache_clear()


@pytest.fixture(scope="module")
def schemas(database_settings):
    """Six schemas in the pool, removed afterwards."""
    before = free(database_settings)
    fill_pool(database_settings, len(before) + 6, new_key=KEYRING.new_tenant_key)
    made = [row for row in free(database_settings) if row not in before]
    yield [schema for _, schema in made]
    remove(database_settings, made)


def free(settings):
    with psycopg.connect(settings.dsn(settings.control)) as control:
        return control.execute("SELECT id, schema FROM control.tenant WHERE state = 'free'").fetchall()


def remove(settings, made):
    from core.tenancy.directory import Tenant

    for tenant_id, schema in made:
        drop(settings, Tenant(id=tenant_id, slug="", name="", schema=schema))


@pytest.fixture(autouse=True)
def nothing_of_toy_left(database_settings, schemas):
    yield
    with psycopg.connect(database_settings.admin_dsn(), autocommit=True) as admin:
        for schema in schemas:
            admin.execute("DELETE FROM cell.migration WHERE tenant_role = %s", [schema])
            admin.execute(f"DROP TABLE IF EXISTS {schema}.toy_ship, {schema}.alembic_version_toy")


def versions_of(settings, item, schemas):
    with psycopg.connect(settings.admin_dsn()) as admin:
        return set(runner.versions(admin, item, schemas).values())


def test_all_schemas_reach_the_newest_revision(toy, database_settings, schemas):
    item = toy(FIRST)
    seen = []
    progress = runner.upgrade_all(
        database_settings, item, "main", schemas, report=lambda progress: seen.append(progress.done)
    )
    assert (progress.total, progress.done, progress.failed) == (6, 6, {})
    assert sorted(seen) == [1, 2, 3, 4, 5, 6]
    assert versions_of(database_settings, item, schemas) == {"toy_1"}
    item = toy(FIRST, SECOND, THIRD)
    assert runner.upgrade_all(database_settings, item, "main", schemas).failed == {}
    assert versions_of(database_settings, item, schemas) == {"toy_3"}
    assert runner.upgrade_all(database_settings, item, "main", schemas).total == 0


def test_a_step_runs_once_though_runners_race(toy, database_settings, schemas):
    item = toy(FIRST, SECOND)
    failed = []

    def run():
        failed.append(runner.upgrade_all(database_settings, item, "main", schemas, workers=2).failed)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [{}, {}, {}]
    assert versions_of(database_settings, item, schemas) == {"toy_2"}


def test_a_blocked_schema_is_tried_again_while_others_go_on(toy, database_settings, schemas):
    item = toy(FIRST)
    runner.upgrade_all(database_settings, item, "main", schemas)
    item = toy(FIRST, SECOND)
    blocker = psycopg.connect(database_settings.admin_dsn())
    blocker.execute(f"LOCK TABLE {schemas[0]}.toy_ship")
    done = []

    def report(progress):
        done.append((progress.done, blocker.closed))
        if progress.done == 5:
            # Later than the blocked one has waited for the first time.
            threading.Timer(2.4, blocker.close).start()

    progress = runner.upgrade_all(database_settings, item, "main", schemas, workers=2, report=report)
    assert progress.failed == {}
    assert (5, False) in done, "the others did not wait for it"
    assert (6, True) in done
    assert versions_of(database_settings, item, schemas) == {"toy_2"}


def test_a_failing_schema_is_reported_and_the_rest_upgraded_then_resumed(toy, database_settings, schemas):
    item = toy(FIRST)
    runner.upgrade_all(database_settings, item, "main", schemas)
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute(f"ALTER TABLE {schemas[3]}.toy_ship ADD COLUMN name text")
    item = toy(FIRST, SECOND)
    progress = runner.upgrade_all(database_settings, item, "main", schemas)
    assert list(progress.failed) == [schemas[3]]
    assert "already exists" in progress.failed[schemas[3]]
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute(f"ALTER TABLE {schemas[3]}.toy_ship DROP COLUMN name")
    assert notes(database_settings, schemas[3]) == [("toy", "failed", "toy_2", 1)]
    progress = runner.upgrade_all(database_settings, item, "main", schemas)
    assert (progress.total, progress.failed) == (1, {})
    assert notes(database_settings, schemas[3]) == [("toy", "done", "toy_2", 2)]


def notes(settings, schema):
    with psycopg.connect(settings.admin_dsn()) as admin:
        return admin.execute(
            "SELECT component, state, revision, attempts FROM cell.migration WHERE tenant_role = %s", [schema]
        ).fetchall()


def test_a_stale_version_is_guarded(toy, database_settings, schemas):
    item = toy(FIRST)
    runner.upgrade_all(database_settings, item, "main", schemas)
    item = toy(FIRST, SECOND)
    dsn = database_settings.dsn(database_settings.migrate, "main")
    with psycopg.connect(dsn, autocommit=True) as connection:
        stale = Step(revision="toy_2", previous="toy_0", sql="ALTER TABLE toy_ship ADD COLUMN x int;\n")
        first = Step(revision="toy_0", previous=None, sql="")
        with pytest.raises(runner.Overtaken):
            runner.upgrade_schema(
                connection,
                item,
                schemas[0],
                settings=database_settings,
                version="toy_0",
                steps=(first, stale),
            )
        row = connection.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'x'").fetchone()
    assert row == (0,)


def test_a_schema_newer_than_the_code_is_refused(toy, database_settings, schemas):
    item = toy(FIRST)
    with psycopg.connect(database_settings.admin_dsn()) as admin, pytest.raises(UnknownRevision):
        runner.upgrade_schema(admin, item, schemas[0], settings=database_settings, version="toy_9")


def test_the_history_of_core_is_compiled_to_plain_sql():
    steps = compile_history(component("core"))
    assert head(steps) == steps[-1].revision
    assert "event" in steps[0].created
    assert "ref" not in steps[0].sql.lower().split()


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("ALTER TABLE a ADD COLUMN b text DEFAULT 'x'", "three steps"),
        ("ALTER TABLE a ADD COLUMN b text NOT NULL", "nullable first"),
        ("INSERT INTO a SELECT * FROM b", "not starred"),
        ("CREATE TYPE mood AS ENUM ('a')", "built-in types"),
        ("ALTER TABLE a ADD COLUMN b citext", "built-in types"),
        ("CREATE TABLE a (id BIGSERIAL)", "sequences"),
        ("CREATE TABLE a (b uuid REFERENCES control.tenant (id))", "inside the schema"),
        ("CREATE TRIGGER t BEFORE UPDATE ON a", "no triggers"),
        ("DO $$ BEGIN END $$", "no triggers"),
        ("GRANT SELECT ON a TO b", "grants come from the models"),
        ("SET search_path = x", "the runner's"),
        ("ALTER TABLE a ADD COLUMN b uuid GENERATED ALWAYS AS (uuidv7()) STORED", "newer than PostgreSQL 15"),
        ("UPDATE a SET b = 1 RETURNING old.b", "newer than PostgreSQL 15"),
        ("GRANT a TO b WITH INHERIT FALSE", "newer than PostgreSQL 15"),
        ("ALTER TABLE a DROP COLUMN b", "contract = True"),
        ("ALTER TABLE a RENAME TO b", "contract = True"),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL", "contract = True"),
        ("CREATE INDEX CONCURRENTLY ix ON a (b)", "transactional = False"),
        ("CREATE INDEX ix ON a (b)", "CONCURRENTLY"),
    ],
)
def test_the_linter_finds(sql, rule):
    step = Step(revision="2", previous="1", sql=f"{sql};\n")
    problems = lint(component("core"), [step])
    assert any(rule in problem.rule for problem in problems), problems


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ADD COLUMN b text",
        "ALTER TABLE a ALTER COLUMN b SET DEFAULT 'x'",
        "CREATE TABLE a (id uuid NOT NULL, n int DEFAULT 0 NOT NULL)",
        "CREATE TABLE a (id uuid NOT NULL);\nCREATE INDEX ix ON a (id)",
        "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID",
        "ALTER TABLE a ADD COLUMN s tsvector GENERATED ALWAYS AS (to_tsvector('simple', b)) STORED",
    ],
)
def test_the_linter_lets_pass(sql):
    assert lint(component("core"), [Step(revision="2", previous="1", sql=f"{sql};\n")]) == []


def test_a_contract_step_stands_alone():
    sql = "ALTER TABLE a DROP COLUMN b;\nCREATE TABLE c (id int);\n"
    problems = lint(component("core"), [Step(revision="2", previous="1", sql=sql, is_contract=True)])
    assert [problem.rule for problem in problems] == ["a contract step stands in a revision of its own"]
