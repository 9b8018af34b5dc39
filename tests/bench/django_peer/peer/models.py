"""The tables of a tenant, copied from ours: columns, foreign keys and indexes, as Django would declare them."""

import os
from typing import Any

import sqlalchemy as sa
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from sqlalchemy.dialects import postgresql as pg

from core.ext.registry import load
from core.kernel.db import metadata

load()

KINDS: list[tuple[type, Any]] = [
    (pg.TSVECTOR, SearchVectorField),
    (pg.JSONB, models.JSONField),
    (sa.Uuid, models.UUIDField),
    (sa.SmallInteger, models.SmallIntegerField),
    (sa.BigInteger, models.BigIntegerField),
    (sa.Integer, models.IntegerField),
    (sa.Boolean, models.BooleanField),
    (sa.DateTime, models.DateTimeField),
    (sa.Date, models.DateField),
    (sa.Numeric, lambda **options: models.DecimalField(max_digits=20, decimal_places=6, **options)),
    (sa.LargeBinary, models.BinaryField),
    (sa.ARRAY, lambda **options: ArrayField(models.TextField(), **options)),
    (sa.String, models.TextField),
]


def field_of(column: sa.Column[Any]) -> Any:
    options: dict[str, Any] = {"null": bool(column.nullable)}
    if column.primary_key and len(column.table.primary_key) == 1:
        options["primary_key"] = True
    kind = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    for foreign in column.foreign_keys:
        target = foreign.column.table.name
        name = "self" if target == column.table.name else title(target)
        return models.ForeignKey(
            name, models.CASCADE, db_column=column.name, related_name="+", db_index=False, **options
        )
    return next(make for base, make in KINDS if isinstance(kind, base))(**options)


def title(table: str) -> str:
    return "".join(part.title() for part in table.split("_"))


def named(column: str) -> str:
    return f"{column}_field" if column in {"check", "pk"} else column


def model_of(table: sa.Table) -> Any:
    fields = {}
    for column in table.columns:
        field = field_of(column)
        if not field.db_column:
            field.db_column = column.name
        fields[named(column.name)] = field
    indexes = [
        models.Index(
            fields=[named(column.name) for column in index.columns], name=f"i{number}_{table.name}"[:30]
        )
        for number, index in enumerate(sorted(table.indexes, key=lambda index: str(index.name)))
        if not any(isinstance(column.type, pg.TSVECTOR) for column in index.columns)
    ]
    meta = type("Meta", (), {"db_table": table.name, "indexes": indexes, "app_label": "peer"})
    return type(title(table.name), (models.Model,), {**fields, "Meta": meta, "__module__": __name__})


for _table in metadata.sorted_tables:
    globals()[title(_table.name)] = model_of(_table)

if os.environ.get("PEER_UPGRADED"):
    globals()["Customer"].add_to_class("upgraded_on", models.DateField(null=True))
