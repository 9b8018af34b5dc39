"""Histories become SQL, whoever else compiles one at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from core.tenancy.components import component
from core.tenancy.migrations import compile_history


def test_histories_that_are_compiled_at_once_are_whole():
    compiled = compile_history.__wrapped__
    core = component("core")
    alone = compiled(core)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(compiled, [core] * 8))
    assert together == [alone] * 8
