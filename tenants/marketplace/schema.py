"""What the marketplace's jobs are given, and what programs are told about modules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from core.ext.specs import Price


class SwitchOn(msgspec.Struct, frozen=True, kw_only=True):
    """Set modules up, each after those that it needs; ``archive`` is what the last of them brings back."""

    operation_id: UUID
    plugins: tuple[str, ...]
    archive: str = ""


class KeepUp(msgspec.Struct, frozen=True):
    """Nothing: all modules of all workspaces are looked at."""


class Remove(msgspec.Struct, frozen=True, kw_only=True):
    """Export a module's rows and remove its tables."""

    operation_id: UUID
    plugin: str


class CutOff(msgspec.Struct, frozen=True, kw_only=True):
    """Tell that a module was switched off as nobody pays for it, and with it those that need it."""

    plugin: str
    needing: tuple[str, ...] = ()


class PluginOut(msgspec.Struct, frozen=True, kw_only=True):
    """A module and its state in the workspace."""

    key: str
    title: str
    summary: str
    category: str
    version: str
    author: str
    state: str
    problem: str
    price: Price | None
    trial_days: int
    requires: list[str]


class PluginList(msgspec.Struct, frozen=True):
    """All modules that a workspace may switch."""

    data: list[PluginOut]


class Touches(msgspec.Struct, frozen=True, kw_only=True):
    """What a module asks for and reaches; ``permissions`` maps a name to its title."""

    permissions: dict[str, str]
    scopes: list[str]
    tables: list[str]
    events: list[str]
    listens: list[str]
    endpoints: list[str]
    panels: list[str]
    jobs: list[str]
    filters: list[str]
    has_settings: bool
    has_personal_data: bool


class UseOut(msgspec.Struct, frozen=True, kw_only=True):
    """How often a permission of a module was used in the last 30 days; ``kind`` is member, key or public."""

    permission: str
    kind: str
    uses: int
    last_on: date


class FaultOut(msgspec.Struct, frozen=True, kw_only=True):
    """How often a part of a module failed in the last 30 days; ``error`` is empty for who may not manage modules.

    ``request_id`` is that of the last time, by which the operator finds it in the log.
    """

    place: str
    faults: int
    last_at: datetime
    error: str
    request_id: str


class PluginDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A module in full."""

    plugin: PluginOut
    touches: Touches
    uses: list[UseOut]
    faults: list[FaultOut]
    archive: bool


class EnableIn(msgspec.Struct, kw_only=True):
    """``restore`` brings back the rows that the module left when it was removed."""

    restore: bool = False


class SettingsOut(msgspec.Struct, frozen=True, kw_only=True):
    """A module's settings; of secrets only which are set."""

    values: dict[str, Any]
    secrets: dict[str, bool]


class SettingsIn(msgspec.Struct, kw_only=True):
    """The settings to change; what is not named stays."""

    values: Annotated[dict[str, Any], Meta(max_length=200)]
