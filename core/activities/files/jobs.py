"""The job that removes bytes that no row mentions any more: files taken off, and uploads that came to nothing."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.mentions import mentioned

SWEEP: Final = "files.sweep"


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def sweep(run: Any) -> None:
    """Remove what was stored more than a day ago and is not mentioned; harmless to repeat."""
    async with run.open() as ctx:
        await ctx.machinery.files.sweep(ctx.tenant.schema, partial(mentioned, ctx.session))


JOB: Final = JobSpec(
    name=SWEEP,
    handler=sweep,
    params=Nothing,
    title=N_("Remove bytes that no file needs"),
    kind="scheduled",
    every_s=86_400,
)
