"""Background work: a queue per cell that is fair between tenants, and jobs that are sequences of steps.

Owns the cell's queue tables and the tenant's ``job_run`` and ``circuit``. Emits nothing.
Never runs a step's effect twice, and never holds a transaction open between steps.
"""

from core.kernel.jobs.attempt import Machinery
from core.kernel.jobs.contract import (
    Cancelled,
    Claimed,
    GiveUp,
    IsOn,
    JobSpec,
    LeaseLost,
    OpenCell,
    OpenCtx,
    Postpone,
    Subscription,
    TenantGone,
    Unit,
    subscriber_name,
)
from core.kernel.jobs.enqueue import enqueue
from core.kernel.jobs.letters import cancel, dead_letters, replay, runs
from core.kernel.jobs.models import CALLS, JobRunRow
from core.kernel.jobs.queue import Queue
from core.kernel.jobs.run import JobRun
from core.kernel.jobs.runner import Runner

__all__ = [
    "CALLS",
    "Cancelled",
    "Claimed",
    "GiveUp",
    "IsOn",
    "JobRun",
    "JobRunRow",
    "JobSpec",
    "LeaseLost",
    "Machinery",
    "OpenCell",
    "OpenCtx",
    "Postpone",
    "Queue",
    "Runner",
    "Subscription",
    "TenantGone",
    "Unit",
    "cancel",
    "dead_letters",
    "enqueue",
    "replay",
    "runs",
    "subscriber_name",
]
