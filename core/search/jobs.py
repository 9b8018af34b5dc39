"""Writes the whole index anew in the background, a batch a step."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.search import service

NAME: Final = "search.rebuild"


class RebuildParams(msgspec.Struct, frozen=True):
    """Nothing to choose: all of the workspace's records."""


async def rebuild(run: Any) -> None:
    """Go through all records, by type and id."""
    while not run.state.get("is_done"):
        await run.step(f"batch-{run.steps + 1}", _some, run)


async def _some(ctx: Any, run: Any) -> None:
    kind, after = run.state.get("place") or ("", "")
    place = await service.rebuild_some(ctx, (kind, after))
    run.state |= {"place": place, "is_done": place is None}


REBUILD: Final = JobSpec(
    name=NAME, handler=rebuild, params=RebuildParams, title=N_("Write the search index anew"), kind="bulk"
)
