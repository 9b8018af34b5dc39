"""What the index holds about people: how their records are found."""

from __future__ import annotations

from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import AT, Rows
from core.search import service
from core.search.models import SearchDocument

DOCUMENTS = Rows(model=SearchDocument, whose=((AT, "record_id"),), is_removed=True, is_told=False)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Nothing that is not in the records themselves."""
    return [
        PersonalData(
            key="search",
            title=N_("Search"),
            export=DOCUMENTS.export,
            erase=DOCUMENTS.erase,
            restrict=service.index_again,
        )
    ]
