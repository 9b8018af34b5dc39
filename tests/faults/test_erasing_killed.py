"""Workers and the database are killed while people are erased: every erasure comes to its end, and nobody else's."""

import asyncio
import os
import random
import secrets
import signal

import psycopg
import pytest

from tests.faults.conftest import Say
from tests.load.client import Client
from tests.load.product import Product, Workspace, descendants, product, query, until

SEED = int(os.environ.get("GUANXI_FAULT_SEED", secrets.randbelow(10**6)))
PEOPLE, NOTES, KILLS, PAUSE_S = 30, 5, 4, 0.8
MARK = "zqkanarie"

pytestmark = [pytest.mark.faults]


def test_an_erasure_that_was_killed_goes_on(say: Say) -> None:
    with product() as running:
        (workspace,) = running.workspaces(1)
        contacts = asyncio.run(people(running, workspace))
        before = left_of(running, workspace)
        killed = asyncio.run(storm(running, workspace, contacts))
        until(running.is_serving, 60)
        done = f"""SELECT count(*) FROM "{workspace.schema}".data_request WHERE state = 'done'"""
        until(lambda: ask(running, done) == [(PEOPLE,)], 120)
        say(f"erasing: seed {SEED}, {PEOPLE} people, {killed} processes killed")
        assert before["contact"] >= PEOPLE
        assert left_of(running, workspace) == dict.fromkeys(before, 0)
        others = f"""SELECT count(*) FROM "{workspace.schema}".contact
            WHERE name ~ '^Other ' AND deleted_at IS NULL AND restricted_at IS NULL"""
        assert query(running.dsn, others) == [(PEOPLE,)]


async def people(running: Product, workspace: Workspace) -> list[tuple[str, str]]:
    """Make people with some notes each, and as many others."""
    client, made = Client(running.port, workspace.key), []
    for number in range(PEOPLE):
        name = f"{MARK}{number}"
        body = {"name": name, "email": f"{name}@example.com"}
        contact = (await client.post("/api/v1/contacts", body)).json()["id"]
        for note in range(NOTES):
            said = {"kind": "call", "body": f"{name} said {note}", "contact_id": contact}
            assert (await client.post("/api/v1/activities", said)).status == 201
        other = {"name": f"Other {number}", "email": f"other{number}@example.com"}
        assert (await client.post("/api/v1/contacts", other)).status == 201
        made.append((contact, name))
    return made


async def storm(running: Product, workspace: Workspace, contacts: list[tuple[str, str]]) -> int:
    """Ask for all erasures, and kill what carries them out."""
    client, rng = Client(running.port, workspace.key), random.Random(SEED)
    for contact, name in contacts:
        wish = {"kind": "erase", "record_type": "contact", "record_id": contact, "confirm": name}
        assert (await client.post("/api/v1/data-requests", wish)).status == 202
    killed = 0
    for kill in range(KILLS):
        await asyncio.sleep(rng.uniform(0.1, PAUSE_S))
        server, second = running.server("postgres"), running.second
        workers = [running.child("worker"), second.pid if second is not None else 0]
        for pid in filter(None, [server, *descendants(server)] if kill % 2 else workers):
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    return killed


def left_of(running: Product, workspace: Workspace) -> dict[str, int]:
    """How many rows of each table still mention one of the people."""
    found = {}
    for table in ("contact", "activity", "event_body", "search_document", "data_request", "handled"):
        (row,) = query(
            running.dsn, f"""SELECT count(*) FROM "{workspace.schema}"."{table}" t WHERE t::text ~ '{MARK}'"""
        )
        found[table] = int(str(row[0]))
    return found


def ask(running: Product, statement: str) -> list[tuple[object, ...]]:
    try:
        return query(running.dsn, statement)
    except psycopg.Error:
        return []
