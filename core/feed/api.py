"""The JSON API of the change feed."""

from __future__ import annotations

from typing import Final

from litestar import Controller

from core.feed.schema import Change, Changes
from core.kernel import events
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from core.web.routing import get

MOST: Final = 500
LAST: Final = 2**63 - 1


class ChangesApi(Controller):
    """Gives what happened, by position."""

    path = "/changes"
    tags = ("Changes",)

    @get("/", permission="events.view")
    async def list_changes(self, ctx: Ctx, after: int = 0, limit: int = 100, types: str = "") -> Changes:
        """List the events after a position in the order of their commits; `types` names record types."""
        _check(after, limit)
        kinds = [one for one in types.split(",") if one] or None
        found = await events.changes(ctx.session, after, limit + 1, record_types=kinds)
        shown = [Change.of(event) for event in found[:limit]]
        return Changes(data=shown, next=shown[-1].position if shown else after, has_more=len(found) > limit)


def _check(after: int, limit: int) -> None:
    wrong = []
    if not 0 <= after <= LAST:
        wrong.append(FieldError("after", "range", N_("This is not a position.")))
    if not 1 <= limit <= MOST:
        text = N_("This must be a whole number from 1 to {most}.")
        wrong.append(FieldError("limit", "range", text, {"most": MOST}))
    if wrong:
        raise Invalid(errors=wrong)
