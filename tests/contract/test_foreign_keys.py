"""Every foreign key is found by an index from its own side, or says why it need not be.

Without one, removing or merging what it points at reads the whole table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from core.ext.registry import load
from core.kernel.db import cell_metadata, control_metadata, metadata

load()
STAYS = "members are made inactive and never removed, and hand-overs go through tables this small whole"
FEW = "a workspace has tens of these"
REASONS = {
    "customer_class.parent_id": FEW,
    "unit.parent_id": FEW,
    "saved_view.owner_id": STAYS,
    "import_run.owner_id": STAYS,
    "data_request.owner_id": STAYS,
    "hand_over.to_id": STAYS,
    "hand_over.by_id": STAYS,
    "webhook_endpoint.member_id": STAYS,
    "deal.pipeline_id": "pipelines are archived and never removed",
}


def keys() -> Iterator[Any]:
    for known in (metadata, control_metadata, cell_metadata):
        for table in known.sorted_tables:
            yield from (
                pytest.param(table, key, id=f"{table.name}.{'.'.join(key.column_keys)}")
                for key in sorted(table.foreign_key_constraints, key=lambda key: key.column_keys)
            )


def is_found(table: Table, key: ForeignKeyConstraint) -> bool:
    """Whether an index begins with the key's columns and holds all rows in which they are set."""
    columns = [column.name for column in key.columns]
    orders = [[column.name for column in table.primary_key.columns]]
    orders += [
        [column.name for column in each.columns]
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
    ]
    for index in table.indexes:
        where = index.dialect_options["postgresql"]["where"]
        if where is None or str(where).lower() == f"{columns[0]} is not null":
            orders.append([getattr(column, "name", "") for column in index.expressions])
    return any(order[: len(columns)] == columns for order in orders)


@pytest.mark.parametrize(("table", "key"), list(keys()))
def test_a_foreign_key_has_an_index_or_a_reason(table: Table, key: ForeignKeyConstraint) -> None:
    name = f"{table.name}.{'.'.join(key.column_keys)}"
    assert is_found(table, key) != (name in REASONS), name


def test_every_reason_is_for_a_key_that_exists() -> None:
    known = {str(param.id) for param in keys()}
    # Tests have tables of their own, and a module that is not installed has none.
    assert set(REASONS) <= known
