"""What tasks hold about people."""

from __future__ import annotations

from core.activities.personal import WHOSE
from core.activities.tasks.models import Task
from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import Rows

TASKS = Rows(
    model=Task,
    whose=WHOSE,
    key="task",
    keep=frozenset({"due_on", "starts_at", "ends_at", "priority", "done_at"}),
    shown=frozenset({"title"}),
    is_binned=True,
)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """What is to be done with a person."""
    return [TASKS.declared("tasks", N_("Tasks"))]
