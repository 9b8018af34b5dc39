"""The parameters of the marketplace's jobs."""

from __future__ import annotations

from uuid import UUID

import msgspec


class SwitchOn(msgspec.Struct, frozen=True, kw_only=True):
    """Set modules up, each after those that it needs; ``archive`` is what the last of them brings back."""

    operation_id: UUID
    plugins: tuple[str, ...]
    archive: str = ""


class Remove(msgspec.Struct, frozen=True, kw_only=True):
    """Export a module's rows and remove its tables."""

    operation_id: UUID
    plugin: str
