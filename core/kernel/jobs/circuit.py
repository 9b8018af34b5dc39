"""Counts failures in a row per tenant and module, and holds a failing module's jobs back.

Owns ``circuit``. Emits nothing; whoever carries jobs out tells when one opens and closes.
Never stops other modules' or tenants' jobs.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

FAILURES_TO_OPEN = 10
OPEN_FOR = timedelta(minutes=5)

_FAILED = text("""
INSERT INTO circuit AS c (plugin, failures, last_error) VALUES (:plugin, 1, :error)
ON CONFLICT (plugin) DO UPDATE SET failures = c.failures + 1, last_error = excluded.last_error,
    opened_at = CASE WHEN c.failures + 1 >= :limit THEN coalesce(c.opened_at, :now) END,
    open_until = CASE WHEN c.failures + 1 >= :limit THEN CAST(:until AS timestamptz) END
RETURNING open_until
""")
_WORKED = text("""
UPDATE circuit SET failures = 0, opened_at = NULL, open_until = NULL WHERE plugin = :plugin AND failures > 0
""")


@dataclass(slots=True)
class Circuits:
    """The circuits that this process has seen fail; the table is the truth, this spares reading it."""

    failing: dict[tuple[UUID, str], datetime | None] = field(default_factory=dict)

    def wait_s(self, tenant_id: UUID, plugin: str, now: datetime) -> float:
        """How long a module's jobs must wait, 0 while its circuit is closed."""
        until = self.failing.get((tenant_id, plugin))
        return max(0.0, (until - now).total_seconds()) if until is not None else 0.0

    async def failed(self, ctx: Any, plugin: str, error: str) -> datetime | None:
        """Count a failure in the tenant's transaction; gives until when the module's jobs rest now, if they do."""
        now = ctx.now()
        values = {
            "plugin": plugin,
            "error": error,
            "limit": FAILURES_TO_OPEN,
            "now": now,
            "until": now + OPEN_FOR,
        }
        until: datetime | None = await ctx.session.scalar(_FAILED, values)
        self.failing[ctx.tenant.id, plugin] = until
        return until

    def is_failing(self, tenant_id: UUID, plugin: str) -> bool:
        """Whether the last job of a module failed, as far as this process knows."""
        return (tenant_id, plugin) in self.failing

    async def worked(self, ctx: Any, plugin: str) -> bool:
        """Close the circuit in the tenant's transaction; says whether it was open."""
        await ctx.session.execute(_WORKED, {"plugin": plugin})
        return self.failing.pop((ctx.tenant.id, plugin), None) is not None
