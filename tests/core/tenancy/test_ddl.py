"""Changes that a tenant causes: made without stopping anybody, named, repeatable."""

import psycopg
import pytest

from core.kernel.errors import Conflict, NotFound
from core.tenancy.ddl import FieldIndex, create_index, drop_index, install, uninstall


def indexes(settings, tenant):
    with psycopg.connect(settings.admin_dsn()) as admin:
        rows = admin.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND indexname LIKE 'cx%%'",
            [tenant.schema],
        )
        return {row[0] for row in rows}


def test_an_index_on_a_custom_field_comes_and_goes(database_settings, tenant):
    index = FieldIndex("handled", "state", "budget'); DROP TABLE event; --")
    for _ in range(2):
        create_index(database_settings, tenant, index)
        assert indexes(database_settings, tenant) == {index.name}
    for _ in range(2):
        drop_index(database_settings, tenant, index)
        assert indexes(database_settings, tenant) == set()


def test_an_index_that_was_left_half_made_is_made_again(database_settings, tenant):
    index = FieldIndex("handled", "state", "half")
    create_index(database_settings, tenant, index)
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        admin.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass",
            [f"{tenant.schema}.{index.name}"],
        )
    create_index(database_settings, tenant, index)
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        row = admin.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass",
            [f"{tenant.schema}.{index.name}"],
        ).fetchone()
    drop_index(database_settings, tenant, index)
    assert row == (True,)


def test_a_unique_rule_over_duplicates_is_refused(database_settings, tenant, committing):
    index = FieldIndex("handled", "state", "code", unique=True)
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        for _ in range(2):
            admin.execute(
                f"INSERT INTO {tenant.schema}.handled (source_id, subscriber, step, seq, state, handled_at) "
                "VALUES (gen_random_uuid(), 'x', 's', 1, '{\"code\": \"same\"}', now())"
            )
    with pytest.raises(Conflict) as caught:
        create_index(database_settings, tenant, index)
    assert caught.value.code == "field.duplicates"
    assert indexes(database_settings, tenant) == set()


def test_an_index_of_a_kept_name_is_not_taken_for_another():
    names = {
        FieldIndex(table, column, key, unique).name
        for table in ("handled", "event_body")
        for column in ("a", "b")
        for key in (None, "a", "b")
        for unique in (False, True)
    }
    assert len(names) == 24
    assert max(map(len, names)) < 63


@pytest.mark.parametrize(
    ("table", "column"),
    [("event", "x"), ("pg_authid", "rolname"), ("nothing", "id"), ("control.tenant", "id")],
)
def test_only_columns_of_our_tables_get_indexes(database_settings, tenant, table, column):
    with pytest.raises(NotFound):
        create_index(database_settings, tenant, FieldIndex(table, column))


@pytest.mark.parametrize("key", ["core", "control", "cell", "nothing"])
def test_only_modules_are_installed_and_removed(database_settings, tenant, key):
    with pytest.raises(NotFound):
        install(database_settings, tenant, key)
    with pytest.raises(NotFound):
        uninstall(database_settings, tenant, key)
