"""Who a person is in this workspace: the records that are known to be the same, and what names them.

Owns nothing. An address or number that somebody else's record has too does not tell who somebody is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import or_, select, text

from core.contacts.models import Contact
from core.customers.models import Customer
from core.ext.faults import alone, failed
from core.ext.specs import Person, PersonalData
from core.kernel.errors import AppError, Conflict
from core.kernel.i18n import N_
from core.pipeline.leads.models import Lead
from core.tenancy.components import plugin_component
from core.tenancy.ctx import Ctx

Key = tuple[str, UUID]
MODELS: Final[dict[str, Any]] = {"contact": Contact, "customer": Customer, "lead": Lead}
WITH_DELETED: Final = {"include_deleted": True}
NAMES: Final = ("name", "email", "mobile", "phone", "wechat", "whatsapp")
SHORTEST: Final = 2
ROUNDS: Final = 3
HOLDER_S: Final = 60.0
"""So long a module may take to answer about one person."""
T = TypeVar("T")
_TABLES: Final = text("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")


async def holders(ctx: Ctx) -> list[PersonalData]:
    """What all modules declare, those included that are off and left their tables."""
    there = set(await ctx.session.scalars(_TABLES))
    found = []
    for item in ctx.machinery.registry.declared[PersonalData.__name__]:
        component = plugin_component(item.plugin)
        if component is None or {table.name for table in component.tables()} <= there:
            found.append(item)
    return found


async def asked(ctx: Ctx, item: PersonalData, doing: Awaitable[T]) -> T:
    """What a module answers or does; raises Conflict with its name where it fails, which is counted against it."""
    module = ctx.machinery.registry.modules[item.plugin]
    try:
        async with alone(ctx, HOLDER_S):
            return await doing
    except AppError:
        raise
    except Exception as error:
        failed(ctx, item, error)
        raise Conflict(
            code="privacy.module",
            detail=N_("{module} failed: what it holds about the person could not be reached."),
            params={"module": ctx.t(module.manifest.title)},
        ) from error


async def exported(ctx: Ctx, item: PersonalData, person: Person) -> Sequence[Mapping[str, Any]]:
    """The rows of one kind about a person; raises as :func:`asked` does."""

    async def rows() -> Sequence[Mapping[str, Any]]:
        found = await item.export(ctx, person)
        if not isinstance(found, list | tuple):
            raise TypeError(f"the export is {found!r}")
        return found

    return await asked(ctx, item, rows())


async def person_of(ctx: Ctx, record_type: str, record_id: UUID, also: Iterable[Key] = ()) -> Person:
    """Gather everything that names a person: same records by conversion and merging, and those that are told."""
    records = await _same(ctx, dict.fromkeys([(record_type, record_id), *also]))
    rows = await _load(ctx, records)
    others = {value for row in await _sharing(ctx, rows) for value in (*_emails(row), *_phones(row))}
    person = Person(
        record_type=record_type,
        record_id=record_id,
        emails=_unique(value for row in rows for value in _emails(row) if value not in others),
        phones=_unique(value for row in rows for value in _phones(row) if value not in others),
        words=_unique(
            value
            for row in rows
            for name in NAMES
            if (value := getattr(row, name)) and len(value) >= SHORTEST and value not in others
        ),
        records=tuple((row.__tablename__, row.id) for row in rows),
    )
    return await _with_everything(ctx, person)


async def candidates(ctx: Ctx, person: Person) -> Sequence[Any]:
    """Records that have an address or number of the person, and may be the same."""
    own = [key for key in person.records if key[0] in MODELS]
    return await _sharing(ctx, await _load(ctx, own))


async def _with_everything(ctx: Ctx, person: Person) -> Person:
    """Add what modules know to be about this person alone; what lies on such records counts as well."""
    modules = [item for item in await holders(ctx) if item.records is not None]
    for _ in range(ROUNDS):
        found = dict.fromkeys(person.records)
        for item in modules:
            found |= dict.fromkeys(await asked(ctx, item, item.records(ctx, person)))  # type: ignore[misc]
        if len(found) == len(person.records):
            break
        person = msgspec.structs.replace(person, records=tuple(found))
    return person


async def _same(ctx: Ctx, records: dict[Key, None]) -> list[Key]:
    """Follow conversions and merges until nothing is added."""
    found: dict[Key, None] = {}
    left = list(records)
    while left:
        key = left.pop()
        if key not in found:
            found[key] = None
            left += await _next_to(ctx, *key)
    # The record asked about stays first.
    return list(dict.fromkeys([*records, *found]))


async def _next_to(ctx: Ctx, record_type: str, record_id: UUID) -> list[Key]:
    session = ctx.session
    if record_type == "lead":
        statement = (
            select(Lead.contact_id, Customer.id)
            .outerjoin(Customer, (Customer.id == Lead.customer_id) & (Customer.kind == "person"))
            .where(Lead.id == record_id)
        )
        rows = (await session.execute(statement, execution_options=WITH_DELETED)).all()
        return [("contact", row[0]) for row in rows if row[0]] + [
            ("customer", row[1]) for row in rows if row[1]
        ]
    column = Lead.contact_id if record_type == "contact" else Lead.customer_id
    leads = await session.scalars(select(Lead.id).where(column == record_id), execution_options=WITH_DELETED)
    found: list[Key] = [("lead", one) for one in leads]
    if record_type == "customer":
        merged = select(Customer.id).where(Customer.merged_into_id == record_id)
        found += [("customer", one) for one in await session.scalars(merged, execution_options=WITH_DELETED)]
    return found


async def _load(ctx: Ctx, records: Iterable[Key]) -> list[Any]:
    rows: list[Any] = []
    for kind, record_id in records:
        if (
            row := await ctx.session.get(MODELS[kind], record_id, execution_options=WITH_DELETED)
        ) is not None:
            rows.append(row)
    return rows


async def _sharing(ctx: Ctx, rows: Sequence[Any]) -> list[Any]:
    """Other records, in use, with an address or number of these."""
    emails = {value for row in rows for value in _emails(row)}
    phones = {value for row in rows for value in _phones(row)}
    found: list[Any] = []
    for kind, model in MODELS.items():
        own = [row.id for row in rows if row.__tablename__ == kind]
        shares = or_(model.email.in_(emails), model.mobile.in_(phones), model.phone.in_(phones))
        found += await ctx.session.scalars(select(model).where(shares, model.id.not_in(own)).limit(50))
    return found


def _emails(row: Any) -> list[str]:
    return [row.email] if row.email else []


def _phones(row: Any) -> list[str]:
    return [value for value in (row.mobile, row.phone) if value]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
