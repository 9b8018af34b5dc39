"""The job of API keys: keep the log of requests within its bounds."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from tenants.api_keys.request_log import trim


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def trim_requests(runtime: Any, _params: Nothing) -> None:
    """Remove old requests; harmless to run twice at once."""
    await trim(runtime, runtime.clock.now())


JOBS: Final = [
    JobSpec(
        name="api_keys.trim_requests",
        handler=trim_requests,
        params=Nothing,
        title=N_("Remove old requests of API keys"),
        kind="control",
        every_s=3_600,
    )
]
