"""What follow-ups hold about people: what was said and written; that something was done, when and by whom stays."""

from __future__ import annotations

from typing import Final

from core.activities.models import Activity
from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import Rows

WHOSE: Final = (("customer", "customer_id"), ("contact", "contact_id"), ("lead", "lead_id"))
ACTIVITIES: Final = Rows(
    model=Activity,
    whose=WHOSE,
    key="activity",
    keep=frozenset({"kind", "occurred_at", "duration_min", "direction"}),
)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """What was done with a person."""
    return [ACTIVITIES.declared("activities", N_("Follow-ups"))]
