"""The job of the shell: forget answers of the control plane that nobody repeats any more."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import delete

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.idempotency.answers import KEPT
from core.kernel.idempotency.models import ControlIdempotency


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def forget_answers(runtime: Any, _params: Nothing) -> None:
    """Remove kept answers after a day."""
    async with runtime.control() as control:
        old = ControlIdempotency.created_at <= control.now() - KEPT
        await control.session.execute(delete(ControlIdempotency).where(old))


JOBS: Final = [
    JobSpec(
        name="web.forget_answers",
        handler=forget_answers,
        params=Nothing,
        title=N_("Forget answers that nobody repeats"),
        kind="control",
        every_s=3_600,
    )
]
