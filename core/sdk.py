"""The only door for plugins: every name of the product that they may use, and nothing of its own.

What stands here keeps its meaning within a major version; what does not may change any day.
"""

import structlog
from litestar import Controller, Request, Response
from litestar.response import Stream
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    text,
    update,
)

from core.access.models import Member, Unit
from core.activities import service as activities
from core.activities.files import service as attachments
from core.activities.notifications import service as notifications
from core.activities.schema import ActivityIn
from core.activities.tasks import service as tasks
from core.activities.tasks.schema import TaskIn
from core.contacts import service as contacts
from core.contacts.models import Contact
from core.contacts.records import CONTACT
from core.contacts.schema import ContactIn, ContactPatch
from core.customers import service as customers
from core.customers.models import Customer
from core.customers.records import CUSTOMER
from core.customers.schema import CustomerIn, CustomerPatch
from core.ext.hooks import hookimpl
from core.ext.specs import (
    Action,
    Banner,
    Check,
    Choice,
    Column,
    Filter,
    JobSpec,
    LivePart,
    Manifest,
    Nav,
    Panel,
    Permission,
    Person,
    PersonalData,
    Price,
    RecordType,
    SearchDoc,
    Step,
    Subscription,
    TimelineKind,
    Verbs,
    Widget,
)
from core.kernel import cells, files, idempotency, money, paging, secrets, validate
from core.kernel import text as texts
from core.kernel.db import Base, Entity, Mapped, Ref, Row, mapped_column
from core.kernel.errors import (
    AppError,
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from core.kernel.events import Event
from core.kernel.http import OutboundError, OutboundFailed, OutboundRefused
from core.kernel.i18n import LOCALES, N_
from core.kernel.ids import opaque, uuid7
from core.kernel.jobs import GiveUp, JobRun, Postpone
from core.kernel.mail import Attachment, Message
from core.kernel.money import Money
from core.kernel.rate import Limit
from core.kernel.statements import Statement
from core.kernel.types import (
    AmountMinor,
    Color,
    Country,
    Currency,
    Email,
    Locale,
    LongText,
    Name,
    Phone,
    PriceMinor,
    Secret,
    ShortText,
    Tag,
    TimeZone,
    Url,
)
from core.pipeline.deals import service as deals
from core.pipeline.deals.schema import DealIn, DealPatch
from core.pipeline.leads import service as leads
from core.pipeline.leads.models import Lead
from core.pipeline.leads.queries import contacts_like, customers_like
from core.pipeline.leads.records import LEAD
from core.pipeline.leads.schema import LeadIn, LeadPatch
from core.pipeline.models import Deal, Pipeline, Stage
from core.privacy.queries import erased_among
from core.records import changes, duplicates, lists, numbers, references
from core.records.models import SavedView
from core.records.panels import panel_url
from core.records.record_page import record_page
from core.records.shown import place
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.ctx import PUBLIC, SYSTEM, Actor, Ctx
from core.tenancy.directory import Tenant
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, is_partial, redirect, render, toast
from core.web.request import SIGNED_IN, runtime_of
from core.web.routing import delete as delete_route
from core.web.routing import get, patch, post, put

__all__ = [
    "CONTACT",
    "CUSTOMER",
    "LEAD",
    "LOCALES",
    "N_",
    "PUBLIC",
    "SIGNED_IN",
    "SYSTEM",
    "Action",
    "ActivityIn",
    "Actor",
    "AmountMinor",
    "AppError",
    "Attachment",
    "BadRequest",
    "Banner",
    "Base",
    "Check",
    "CheckConstraint",
    "Choice",
    "Color",
    "Column",
    "Conflict",
    "Contact",
    "ContactIn",
    "ContactPatch",
    "Control",
    "Controller",
    "Country",
    "Ctx",
    "Currency",
    "Customer",
    "CustomerIn",
    "CustomerPatch",
    "Deal",
    "DealIn",
    "DealPatch",
    "Email",
    "Entity",
    "Event",
    "FieldError",
    "Filter",
    "Forbidden",
    "ForeignKey",
    "GiveUp",
    "Index",
    "Integer",
    "Invalid",
    "JobRun",
    "JobSpec",
    "Lead",
    "LeadIn",
    "LeadPatch",
    "Limit",
    "LivePart",
    "Locale",
    "LongText",
    "Manifest",
    "Mapped",
    "Member",
    "Message",
    "Money",
    "Name",
    "Nav",
    "NotFound",
    "OutboundError",
    "OutboundFailed",
    "OutboundRefused",
    "Panel",
    "Permission",
    "Person",
    "PersonalData",
    "Phone",
    "Pipeline",
    "Postpone",
    "PreconditionFailed",
    "Price",
    "PriceMinor",
    "RecordType",
    "Ref",
    "Request",
    "Response",
    "Row",
    "Runtime",
    "SavedView",
    "SearchDoc",
    "Secret",
    "ShortText",
    "SmallInteger",
    "Stage",
    "Statement",
    "Step",
    "Stream",
    "Subscription",
    "Tag",
    "TaskIn",
    "Tenant",
    "TimeZone",
    "TimelineKind",
    "TooManyRequests",
    "Unavailable",
    "UniqueConstraint",
    "Unit",
    "Url",
    "Verbs",
    "Widget",
    "activities",
    "and_",
    "attachments",
    "case",
    "cells",
    "changes",
    "contacts",
    "contacts_like",
    "customers",
    "customers_like",
    "deals",
    "delete",
    "delete_route",
    "duplicates",
    "erased_among",
    "exists",
    "files",
    "form_again",
    "form_values",
    "func",
    "get",
    "hookimpl",
    "idempotency",
    "insert",
    "is_partial",
    "leads",
    "lists",
    "literal",
    "mapped_column",
    "money",
    "not_",
    "notifications",
    "numbers",
    "opaque",
    "or_",
    "paging",
    "panel_url",
    "patch",
    "place",
    "post",
    "put",
    "read_form",
    "record_page",
    "redirect",
    "references",
    "render",
    "runtime_of",
    "secrets",
    "select",
    "structlog",
    "tasks",
    "text",
    "texts",
    "toast",
    "update",
    "uuid7",
    "validate",
]
