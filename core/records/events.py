"""What happens to saved views."""

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class SavedViewCreated(Event, frozen=True, kw_only=True):
    """A view was saved."""

    name: ClassVar[str] = "saved_view.created"
    summary: ClassVar[str] = N_("A view of a list was saved.")


class SavedViewUpdated(Event, frozen=True, kw_only=True):
    """A view was renamed, changed or shared."""

    name: ClassVar[str] = "saved_view.updated"
    summary: ClassVar[str] = N_("A view of a list was changed.")


class SavedViewDeleted(Event, frozen=True, kw_only=True):
    """A view was removed."""

    name: ClassVar[str] = "saved_view.deleted"
    summary: ClassVar[str] = N_("A view of a list was removed.")
