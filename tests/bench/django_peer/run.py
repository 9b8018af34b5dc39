"""Commands of the peer, each in a process of its own: prepare, create N, fill N, upgrade. Prints seconds as JSON."""

import io
import json
import os
import sys
import time

import django
from django.core.management import call_command


def prepare() -> list[float]:
    """Write the migrations from the models, migrate the shared schema, and make the base to clone from."""
    call_command("makemigrations", "places", "peer", verbosity=0)
    call_command("migrate_schemas", shared=True, verbosity=0)
    return create(1, "base")


def create(count: int, prefix: str) -> list[float]:
    """Create tenants as a signup would: by migrations, or from the base where the settings name one."""
    from django.db import connection

    from tests.bench.django_peer.places.models import Place

    taken = []
    for number in range(count):
        name = prefix if prefix == "base" else f"{prefix}{number}"
        connection.set_schema_to_public()
        began = time.perf_counter()
        Place(schema_name=name, name=name).save(verbosity=0)
        taken.append(time.perf_counter() - began)
    return taken


def fill(count: int) -> list[float]:
    """Make many tenants by the SQL of the migrations, without waiting for the framework."""
    from django.db import connection

    from tests.bench.django_peer.places.models import Place

    began = time.perf_counter()
    found = io.StringIO()
    connection.set_schema("base")
    call_command("sqlmigrate", "peer", "0001", stdout=found)
    assert "customer" in found.getvalue()
    tables = found.getvalue().replace("BEGIN;", "").replace("COMMIT;", "")
    with connection.cursor() as cursor:
        for number in range(count):
            cursor.execute(
                f"CREATE SCHEMA many{number}; SET search_path = many{number}; {tables};"
                f"CREATE TABLE many{number}.django_migrations (LIKE base.django_migrations INCLUDING ALL);"
                f"INSERT INTO many{number}.django_migrations (app, name, applied)"
                " SELECT app, name, applied FROM base.django_migrations;"
                "SET search_path = public"
            )
    connection.set_schema_to_public()
    Place.objects.bulk_create(Place(schema_name=f"many{number}", name="many") for number in range(count))
    return [time.perf_counter() - began]


def upgrade() -> list[float]:
    """Apply one new migration, a nullable column, to every tenant."""
    call_command("makemigrations", "peer", verbosity=0)
    began = time.perf_counter()
    call_command("migrate_schemas", executor="multiprocessing", verbosity=0)
    return [time.perf_counter() - began]


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.django_peer.settings"
    sys.path.insert(0, os.environ["PEER_FOLDER"])
    django.setup()
    command, *words = sys.argv[1:]
    done = {
        "prepare": prepare,
        "create": lambda: create(int(words[0]), words[1]),
        "fill": lambda: fill(int(words[0])),
        "upgrade": upgrade,
    }[command]()
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
