"""The job that carries a hand-over out."""

from typing import Any, Final

from core.ext.specs import JobSpec
from core.members.schema import JOB, HandOverParams
from core.members.service import TITLE
from core.members.service_moving import begin_moving, end_moving, move_some


async def hand_over(run: Any) -> None:
    """Move what there is of each kind."""
    await run.step("begin", begin_moving, run)
    while run.state["left"]:
        await run.step(f"batch-{run.steps}", move_some, run)
    await run.step("end", end_moving, run)


HAND_OVER: Final = JobSpec(
    name=JOB,
    handler=hand_over,
    params=HandOverParams,
    title=TITLE,
    kind="bulk",
    page="/settings/hand_overs/{hand_over_id}",
)
