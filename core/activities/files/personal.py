"""What files on records hold about people: files that lie on what is about a person alone."""

from __future__ import annotations

from core.activities.files.models import Attachment
from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import AT, Rows

FILES = Rows(model=Attachment, whose=((AT, "record_id"),), key="file", is_removed=True)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The files themselves; their bytes go unless another record has them too."""
    return [FILES.declared("files", N_("Files"))]
