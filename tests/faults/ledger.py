"""The record of what was acknowledged, kept outside the system: one line per answered write."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Expected:
    """What a record must be after everything that was acknowledged about it."""

    id: str
    name: str
    notes: str
    version: int = 1
    is_deleted: bool = False
    events: Counter[str] = field(default_factory=lambda: Counter({"customer.created": 1}))


@dataclass(slots=True)
class Ledger:
    """Acknowledged writes of one workspace; ``operations`` counts changed records."""

    schema: str
    path: Path
    records: dict[str, Expected] = field(default_factory=dict)
    requests: int = 0
    operations: int = 0

    def created(self, external_id: str, row: dict[str, Any], notes: str) -> None:
        self.records[external_id] = Expected(row["id"], row["name"], notes)
        self._note("created", external_id)

    def changed(self, external_id: str, notes: str) -> None:
        record = self.records[external_id]
        record.notes, record.version = notes, record.version + 1
        record.events["customer.updated"] += 1
        self._note("changed", external_id)

    def deleted(self, external_id: str) -> None:
        record = self.records[external_id]
        record.is_deleted, record.version = True, record.version + 1
        record.events["customer.deleted"] += 1
        self._note("deleted", external_id)

    def answered(self) -> None:
        """Count an acknowledged request; one of many rows is one request and many operations."""
        self.requests += 1

    def _note(self, what: str, external_id: str) -> None:
        self.operations += 1
        record = self.records[external_id]
        line = [self.schema, what, external_id, record.id, record.version, record.notes]
        with self.path.open("a") as log:
            log.write(json.dumps(line) + "\n")
