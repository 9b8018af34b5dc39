"""Compares the database with the ledger: nothing lost, nothing doubled, nothing half-done."""

from collections import Counter, defaultdict
from typing import Any

import psycopg
from psycopg import sql

from tests.faults.ledger import Expected, Ledger

RECORDS = "SELECT external_id, id::text, name, notes, version, deleted_at IS NOT NULL FROM {s}.customer"
EVENTS = "SELECT record_id::text, name, count(*) FROM {s}.event WHERE record_type = 'customer' GROUP BY 1, 2"
# What must find nothing. A step that was cut in two would leave one side of these pairs.
NOTHING = {
    "events without a body": "SELECT id FROM {s}.event e WHERE NOT EXISTS"
    " (SELECT FROM {s}.event_body b WHERE b.event_id = e.id)",
    "bodies without an event": "SELECT event_id FROM {s}.event_body b WHERE NOT EXISTS"
    " (SELECT FROM {s}.event e WHERE e.id = b.event_id)",
    "events that are on no timeline": "SELECT id FROM {s}.event e WHERE NOT EXISTS"
    " (SELECT FROM {s}.event_link l WHERE l.event_id = e.id)",
    "events without a position": "SELECT id FROM {s}.event e WHERE NOT EXISTS"
    " (SELECT FROM {s}.event_position p WHERE p.event_id = e.id)",
    "positions without an event": "SELECT event_id FROM {s}.event_position p WHERE NOT EXISTS"
    " (SELECT FROM {s}.event e WHERE e.id = p.event_id)",
    "gaps between positions": "SELECT 1 FROM {s}.event_position"
    " HAVING count(*) <> coalesce(max(position), 0)",
    "numbers given twice": "SELECT number FROM {s}.customer GROUP BY 1 HAVING count(*) > 1",
    "records that search does not know": "SELECT id FROM {s}.customer c WHERE deleted_at IS NULL AND NOT"
    " EXISTS (SELECT FROM {s}.search_document d WHERE d.record_type = 'customer' AND d.record_id = c.id"
    " AND d.title = c.name)",
    "search documents without a record": "SELECT record_id FROM {s}.search_document d"
    " WHERE d.record_type = 'customer' AND NOT EXISTS"
    " (SELECT FROM {s}.customer c WHERE c.id = d.record_id AND c.deleted_at IS NULL)",
}
SHOWN = 5


def violations(admin: psycopg.Connection, ledger: Ledger) -> dict[str, list[str]]:
    """Everything that contradicts the ledger, by kind; empty where all holds."""
    found: dict[str, list[str]] = defaultdict(list)
    stored: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(admin, ledger, RECORDS):
        stored[row[0]].append(row[1:])
    events: dict[str, Counter[str]] = defaultdict(Counter)
    for record_id, name, count in _rows(admin, ledger, EVENTS):
        events[record_id][name] = count
    for external_id, expected in ledger.records.items():
        rows = stored.pop(external_id, [])
        kind = _contradiction(rows, expected, events[expected.id])
        if kind:
            found[kind].append(f"{external_id}: {rows} {dict(events[expected.id])} against {expected}")
    if stored:
        found["not acknowledged"] = [str(rows) for rows in stored.values()]
    keys = _rows(admin, ledger, "SELECT count(*) FROM {s}.idempotency")
    if keys != [(ledger.requests,)]:
        found["answers"] = [f"{keys} are kept, {ledger.requests} were acknowledged"]
    for kind, statement in NOTHING.items():
        if rows := _rows(admin, ledger, statement):
            found[kind] = [str(row) for row in rows]
    return dict(found)


def told(found: dict[str, list[str]]) -> str:
    """Violations as lines, the first few of each kind."""
    return "\n".join(f"{len(rows)} {kind}: {rows[:SHOWN]}" for kind, rows in found.items())


def _contradiction(rows: list[tuple[Any, ...]], expected: Expected, events: Counter[str]) -> str:
    if not rows:
        return "lost"
    if len(rows) > 1:
        return "doubled"
    if rows[0] != (expected.id, expected.name, expected.notes, expected.version, expected.is_deleted):
        return "with other content"
    return "" if events == expected.events else "with other events"


def _rows(admin: psycopg.Connection, ledger: Ledger, statement: str) -> list[tuple[Any, ...]]:
    return admin.execute(sql.SQL(statement).format(s=sql.Identifier(ledger.schema))).fetchall()  # type: ignore[arg-type]
