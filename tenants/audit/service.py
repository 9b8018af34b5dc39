"""The verb of the audit log: have it written into a file."""

from __future__ import annotations

from uuid import UUID

import msgspec

from core.exports import service as exports
from core.exports.models import ExportRun
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from tenants.audit.schema import AuditQuery

VIEW = "audit.view"
JOB = "audit.export"


class ExportParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which export, and which entries it holds."""

    export_id: UUID
    asked: AuditQuery


async def export(ctx: Ctx, asked: AuditQuery) -> ExportRun:
    """Ask for the log as a CSV file; raises Forbidden for whoever may not read it."""
    name = f"{ctx.t(N_('Audit log'))} {ctx.today().isoformat()}.csv"
    run = await exports.begin(ctx, VIEW, msgspec.json.encode(asked).decode(), name)
    params = ExportParams(export_id=run.id, asked=asked)
    run.job_id = ctx.enqueue(JOB, params, title=ctx.t(N_("Export {file}"), file=name))
    await ctx.session.flush()
    return run
