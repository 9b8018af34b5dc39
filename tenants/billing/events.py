"""What happens to subscriptions, transfers and 发票; written into the control plane's log."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class SubscriptionChanged(Event, frozen=True, kw_only=True):
    """The plan, the way of paying or the state of a workspace is another one."""

    name: ClassVar[str] = "subscription.changed"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The subscription changed")

    plan: str
    state: str
    source: str


class TransferRecorded(Event, frozen=True, kw_only=True):
    """The operator noted a bank transfer."""

    name: ClassVar[str] = "transfer.recorded"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A bank transfer was recorded")

    amount_minor: int
    currency: str
    reference: str


class FapiaoRequested(Event, frozen=True, kw_only=True):
    """The customer asked for a 发票."""

    name: ClassVar[str] = "fapiao.requested"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A fapiao was asked for")

    amount_minor: int


class FapiaoIssued(Event, frozen=True, kw_only=True):
    """The operator issued a 发票."""

    name: ClassVar[str] = "fapiao.issued"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A fapiao was issued")

    number: str


EVENTS: list[type[Event]] = [SubscriptionChanged, TransferRecorded, FapiaoRequested, FapiaoIssued]
