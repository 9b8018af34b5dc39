"""The contract tests know of everything that can be made; what they cannot make they could not guard."""

from core.runtime import Runtime
from tests.contract.world import ROWS, World


def test_everything_that_the_api_creates_was_created(world: World) -> None:
    assert world.ours.failed == {}, "give the field a kind, a reference or a default that a sample can follow"
    assert world.theirs.failed == {}


def test_both_sides_have_rows_of_every_record_type(world: World, runtime: Runtime) -> None:
    for side in (world.ours, world.theirs):
        few = [key for key in runtime.registry.records if len(side.ids[key]) < ROWS]
        assert few == [], side.failed
