"""A test module's own fixture never takes the name of one that all tests share: it would stand in for it unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests import conftest

ROOT = Path(conftest.__file__).parent
MEANT = {
    "core/pipeline/conftest.py: ann": "works where there is a pipeline",
    "core/records/conftest.py: bo": "acts in the transaction of a type that only these tests know",
    "core/records/conftest.py: ctx": "the same",
    "core/records/test_pages.py: ann": "asks an application with that type",
}


def fixtures(path: Path) -> Iterator[str]:
    """The names of the fixtures that a file defines, but for those that add to the one of their name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            made_by = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(made_by) in {"pytest.fixture", "fixture", "pytest_asyncio.fixture"}:
                named = getattr(decorator, "keywords", ())
                given = [word.value for word in named if word.arg == "name"]
                name = ast.literal_eval(given[0]) if given else node.name
                if name not in {argument.arg for argument in node.args.args}:
                    yield name


def test_no_module_shadows_a_fixture_that_all_share() -> None:
    plugins = [ROOT.parent / (name.replace(".", "/") + ".py") for name in conftest.pytest_plugins]
    shared = {name for path in plugins for name in fixtures(path)}
    assert {"committing", "fresh", "enter", "runtime", "ann"} <= shared
    shadows = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in ROOT.rglob("*.py")
        if path not in plugins
        for name in fixtures(path)
        if name in shared
    }
    assert shadows == set(MEANT)
