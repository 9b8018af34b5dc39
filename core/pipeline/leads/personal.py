"""What leads hold about people."""

from __future__ import annotations

from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.pipeline.leads.models import Lead
from core.records.people import Rows

LEADS = Rows(
    model=Lead,
    whose=(("lead", "id"),),
    key="lead",
    keep=frozenset({"rating", "status", "converted_at"}),
    shown=frozenset({"name"}),
    is_binned=True,
)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The lead itself."""
    return [LEADS.declared("leads", N_("Leads"))]
