"""What can be done with several submissions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.sdk import N_, Action, Ctx, hookimpl
from plugins.marketing.forms import service_verdict


async def _accept(ctx: Ctx, records: Sequence[Any], _params: Any) -> None:
    for submission in records:
        await service_verdict.accept(ctx, submission)


async def _refuse(ctx: Ctx, records: Sequence[Any], _params: Any) -> None:
    for submission in records:
        await service_verdict.mark_spam(ctx, submission)


ACTIONS = [
    Action(
        key="marketing-accept",
        title=N_("Accept anyway"),
        icon="check",
        record_type="marketing_forms_submission",
        run=_accept,
        permission="marketing.submissions.edit",
    ),
    Action(
        key="marketing-spam",
        title=N_("Mark as spam"),
        icon="ban",
        record_type="marketing_forms_submission",
        run=_refuse,
        permission="marketing.submissions.edit",
    ),
]


@hookimpl
def crm_actions() -> list[Action]:
    """Accept or refuse several submissions."""
    return ACTIONS
