"""Removes what finished work leaves behind in tenants' schemas once nobody can need it.

Owns the ends of ``handled``, ``job_run`` and ``idempotency``. Emits nothing.
Never visits a tenant that had no job since.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, bindparam, delete, func, text

from core.kernel.events.models import Handled
from core.kernel.idempotency.models import Idempotency
from core.kernel.jobs.contract import OpenCell
from core.kernel.jobs.models import JobRunRow

BATCH = 50
ANSWER_DAYS = 1
RECEIPT_DAYS = 60
RUN_DAYS = 45
"""Shorter than receipts are kept: a dead letter that can be replayed must find its receipts."""

_NEXT = text("""
UPDATE cell.lane SET tidied_at = now() WHERE tenant_role IN (
    SELECT l.tenant_role FROM cell.lane l JOIN pg_namespace n ON n.nspname = l.tenant_role
    WHERE l.tidied_at IS NULL OR (l.tidied_at < now() - interval '1 day' AND l.tidied_at < l.served_at)
    ORDER BY l.tidied_at NULLS FIRST LIMIT :batch FOR UPDATE OF l SKIP LOCKED)
RETURNING tenant_role
""")
_FORGET_LANES = text("""
DELETE FROM cell.lane l WHERE NOT EXISTS (SELECT 1 FROM pg_namespace n WHERE n.nspname = l.tenant_role)
""")
_RECEIPTS = delete(Handled).where(
    Handled.handled_at < func.now() - bindparam("age", type_=Interval()),
)
_RUNS = delete(JobRunRow).where(
    JobRunRow.finished_at < func.now() - bindparam("age", type_=Interval()),
)
_ANSWERS = delete(Idempotency).where(
    Idempotency.created_at < func.now() - bindparam("age", type_=Interval()),
)


async def tidy(open_cell: OpenCell, batch: int = BATCH) -> int:
    """Tidy the tenants whose turn it is, each at most daily; gives how many."""
    async with open_cell() as unit:
        await unit.session.execute(_FORGET_LANES)
        roles = (await unit.session.scalars(_NEXT, {"batch": batch})).all()
        connection: Any = await unit.session.connection()
        for role in roles:
            here = {"schema_translate_map": {None: role}}
            for statement, days in ((_RECEIPTS, RECEIPT_DAYS), (_RUNS, RUN_DAYS), (_ANSWERS, ANSWER_DAYS)):
                await connection.execute(statement, {"age": timedelta(days=days)}, execution_options=here)
        await unit.commit()
    return len(roles)
