"""The table of mission rows and the tests that carry their marks say the same."""

import ast
from pathlib import Path

from tests.fixtures.rows import TABLE, called, table, was_called

TESTS = Path(__file__).parents[1]


def marked() -> set[str]:
    """The rows that tests carry."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row":
                found |= {ast.literal_eval(argument) for argument in node.args}
    return found


def test_every_row_has_a_test_and_every_mark_a_row() -> None:
    assert marked() == set(table())


def test_no_line_of_the_table_is_misread() -> None:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(lines) - 1 == len(table())


def test_an_address_matches_whole_segments() -> None:
    called[:] = ["/api/v1/leads/1/convert"]
    assert was_called("/api/v1/leads/{id}/convert")
    assert not was_called("/api/v1/leads/{id}")
    assert not was_called("/api/v1/leads")
