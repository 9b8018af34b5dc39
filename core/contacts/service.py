"""The verbs of contacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import func
from sqlalchemy import update as changing

from core.contacts.events import ContactCreated, ContactDeleted, ContactRestored, ContactUpdated
from core.contacts.models import Contact
from core.contacts.schema import ContactIn, ContactPatch
from core.customers.models import Customer
from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.records import references
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx


async def create(ctx: Ctx, data: ContactIn) -> Contact:
    """Create a contact. Emits ``contact.created``."""
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[ContactIn]) -> list[Contact]:
    """Create contacts in one go. Emits ``contact.created`` for each."""
    await _check_targets(ctx, rows)
    contacts = [_made(ctx, row) for row in rows]
    ctx.session.add_all(contacts)
    await ctx.session.flush()
    for contact in contacts:
        _tell(ctx, ContactCreated, contact)
    return contacts


async def update(ctx: Ctx, contact: Contact, patch: ContactPatch) -> Contact:
    """Change a contact. Emits ``contact.updated`` where something changed."""
    await ctx.require("contacts.edit", contact)
    await _check_targets(ctx, [patch])
    if patch.reports_to_id == contact.id:
        raise Invalid.field("reports_to_id", "reference", N_("Nobody reports to oneself."))
    changes = apply(contact, patch)
    if changes:
        contact.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, ContactUpdated, contact, changes=changes)
    return contact


async def delete(ctx: Ctx, contact: Contact) -> None:
    """Move a contact to the bin. Emits ``contact.deleted``."""
    await ctx.require("contacts.delete", contact)
    contact.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, ContactDeleted, contact)


async def restore(ctx: Ctx, contact: Contact) -> None:
    """Take a contact out of the bin. Emits ``contact.restored``."""
    await ctx.require("contacts.delete", contact)
    contact.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, ContactRestored, contact)


async def touch(
    ctx: Ctx, contact_id: UUID, *, at: datetime | None, next_follow_up_on: date | UnsetType | None = UNSET
) -> None:
    """Note that a contact was in contact at an instant, and when to turn to it next.

    As with customers: a later contact stays, the version stays, nothing is emitted. The contact's customer
    is not touched; whoever means both touches both.
    """
    values: dict[str, object] = {"updated_at": ctx.now()}
    if at is not None:
        values["last_contacted_at"] = func.greatest(func.coalesce(Contact.last_contacted_at, at), at)
    if next_follow_up_on is not UNSET:
        values["next_follow_up_on"] = next_follow_up_on
    touched = (
        changing(Contact)
        .where(Contact.id == contact_id, ctx.visible(Contact, "contacts.view"))
        .values(values)
        .returning(Contact.id)
        .execution_options(synchronize_session="fetch")
    )
    if await ctx.session.scalar(touched) is None:
        raise NotFound


def _tell(ctx: Ctx, event: type[Event], contact: Contact, **more: object) -> None:
    links = (("customer", contact.customer_id),) if contact.customer_id else ()
    ctx.emit(event(subject_id=contact.id, label=contact.name, links=links, **more))  # type: ignore[arg-type]


def _made(ctx: Ctx, data: ContactIn) -> Contact:
    contact = Contact(**fields(data))
    contact.owner_id = data.owner_id or ctx.actor.member_id
    contact.created_by_id = contact.updated_by_id = ctx.actor.member_id
    return contact


async def _check_targets(ctx: Ctx, rows: Iterable[ContactIn | ContactPatch]) -> None:
    """Refuse owners, customers and superiors that do not exist for the actor, all at once."""
    wanted = references.wanted(rows, ("owner_id", "customer_id", "reports_to_id"))
    errors = await references.no_member(ctx, wanted["owner_id"])
    if await references.missing(ctx, Customer, "customers.view", wanted["customer_id"]):
        errors.append(FieldError("customer_id", "reference", N_("There is no such customer.")))
    if await references.missing(ctx, Contact, "contacts.view", wanted["reports_to_id"]):
        errors.append(FieldError("reports_to_id", "reference", N_("There is no such contact.")))
    if errors:
        raise Invalid(errors=errors)
