"""Budgets and habits of the code: sizes, names, docstrings and who writes. Migrations alone are exempt."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("core", "tenants", "plugins")
FILE_LINES = 400
FUNCTION_LINES = 50
COMPLEXITY = 10
PARAMETERS = 6
HANDLER_LINES = 10
# Lines of a file by its name, in the folder of a feature: a folder with a plugin.py.
ROLE_LINES = {
    "models": 200,
    "schema": 200,
    "events": 100,
    "service": 300,
    "queries": 300,
    "api": 200,
    "pages": 250,
    "jobs": 150,
    "plugin": 120,
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "stuff"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Return the source files of the product and its tests, without migrations and other projects' files."""
    found = [ROOT / "hatch_build.py"] if ".py" in suffixes else []
    for top in (*PRODUCT, "tests"):
        found += [path for path in (ROOT / top).rglob("*") if path.suffix in suffixes and path.is_file()]
    exempt = re.compile(r"migrations/(versions|env\.py)|/static/vendor/|/__pycache__/")
    return tuple(sorted(path for path in found if not exempt.search(path.as_posix())))


def product(*names: str) -> Iterator[Path]:
    """Yield the product's modules, all or those of these names."""
    for path in files(".py"):
        if path.relative_to(ROOT).parts[0] in PRODUCT and (not names or path.stem in names):
            yield path


def features() -> Iterator[Path]:
    """Yield the modules of every feature's folder."""
    for path in product():
        if (path.parent / "plugin.py").exists():
            yield path


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function):
            yield node


def at(path: Path, node: ast.AST | int | None = None) -> str:
    line = node if isinstance(node, int) else getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}{f':{line}' if line else ''}"


def none_of(found: Iterable[str]) -> None:
    found = sorted(found)
    assert not found, "\n" + "\n".join(found)


def test_files_are_short() -> None:
    paths = files(".py", ".js", ".html", ".css")
    none_of(f"{at(path)}: {lines(path)} lines > {FILE_LINES}" for path in paths if lines(path) > FILE_LINES)


def test_each_part_of_a_feature_keeps_its_budget() -> None:
    none_of(
        f"{at(path)}: {lines(path)} lines > {ROLE_LINES[path.stem]}"
        for path in features()
        if lines(path) > ROLE_LINES.get(path.stem, FILE_LINES)
    )


def test_functions_are_short() -> None:
    none_of(
        f"{at(path, node)}: {node.name} has {length} lines > {FUNCTION_LINES}"
        for path in files(".py")
        for node in functions(path)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    )


def parameters(node: Function) -> int:
    """Count what a caller may pass; `self` and `cls` are not passed."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    bound = bool(named) and named[0].arg in {"self", "cls"}
    return len(named) - bound + bool(arguments.vararg) + bool(arguments.kwarg)


def test_functions_take_few_parameters() -> None:
    none_of(
        f"{at(path, node)}: {node.name} takes {parameters(node)} parameters > {PARAMETERS}"
        for path in files(".py")
        for node in functions(path)
        if parameters(node) > PARAMETERS
    )


def test_functions_are_simple() -> None:
    """Ask ruff, ignoring every `noqa`."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "C901",
        "--ignore-noqa",
        "--no-cache",
        "--isolated",
    ]
    done = subprocess.run(
        [*command, "--config", f"lint.mccabe.max-complexity={COMPLEXITY}", "--output-format", "concise"]
        + [str(path) for path in files(".py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_json_handlers_only_pass_on() -> None:
    """A handler in api.py calls a verb or a query; its body without the docstring is short."""
    none_of(
        f"{at(path, node)}: the body of {node.name} has {length} lines > {HANDLER_LINES}"
        for path in features()
        if path.stem == "api"
        for node in functions(path)
        if isinstance(node, ast.AsyncFunctionDef)
        if (length := body_lines(node)) > HANDLER_LINES
    )


def body_lines(node: Function) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_names_say_something() -> None:
    none_of(
        f"{at(path)}: a vague name"
        for path in product()
        for part in (*path.relative_to(ROOT).parts[:-1], path.stem)
        if VAGUE & set(part.split("_"))
    )


def test_a_package_file_holds_its_docstring_alone() -> None:
    """Only a module that became a folder, deeper than a package of its top folder, passes its names on."""
    none_of(
        f"{at(path)}: more than a docstring of at most 10 lines"
        for path in product("__init__")
        if len(path.relative_to(ROOT).parts) <= 3 or (path.parent / "plugin.py").exists()
        if lines(path) > 10 or len(parsed(path).body) != 1 or not ast.get_docstring(parsed(path))
    )
    none_of(
        f"{at(path, node)}: code in a package file"
        for path in product("__init__")
        for node in parsed(path).body
        if not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom)
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    )


def test_modules_say_what_they_own() -> None:
    none_of(f"{at(path)}: no docstring" for path in product() if not ast.get_docstring(parsed(path)))


def test_public_functions_say_what_they_do() -> None:
    none_of(
        f"{at(path, node)}: {node.name} has no docstring"
        for path in product()
        for node in parsed(path).body
        if isinstance(node, Function)
        if not node.name.startswith(("_", "crm_"))
        if not ast.get_docstring(node)
    )


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of a module with the dotted name of what is called."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node, ast.unparse(node.func)


def test_only_services_write() -> None:
    """In a feature, events are emitted and rows added or deleted by service modules alone."""
    writes = re.compile(r"(^|\.)(ctx\.emit|session\.(add|add_all|delete|merge|bulk_\w+))$")
    none_of(
        f"{at(path, node)}: {name} outside a service"
        for path in features()
        if not path.stem.startswith("service")
        for node, name in calls(path)
        if writes.search(name)
    )


def test_nobody_but_the_framework_ends_a_transaction() -> None:
    ends = re.compile(r"(^|\.)session\.(commit|rollback)$")
    none_of(
        f"{at(path, node)}: {name}" for path in features() for node, name in calls(path) if ends.search(name)
    )


@pytest.mark.parametrize("mark", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_left_for_later(mark: str) -> None:
    none_of(
        f"{at(path, token.start[0])}: {token.string}"
        for path in files(".py")
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        if token.type == tokenize.COMMENT and re.search(rf"\b{mark}\b", token.string)
    )


def test_every_suppression_says_what_it_suppresses() -> None:
    bare = re.compile(
        r"#\s*(noqa(?!:)|type:\s*ignore(?!\[)|mypy:\s*ignore-errors|ruff:\s*noqa|pragma: no cover)"
    )
    none_of(
        f"{at(path, token.start[0])}: {token.string}"
        for path in files(".py")
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        if token.type == tokenize.COMMENT and bare.search(token.string)
    )


def test_tests_mirror_the_source() -> None:
    """`core/kernel/money.py` is tested in `tests/core/kernel/test_money.py`: no folder without its source."""
    none_of(
        f"{at(path)}: there is no {path.relative_to(ROOT / 'tests').parent}"
        for top in PRODUCT
        for path in (ROOT / "tests" / top).rglob("test_*.py")
        if not (ROOT / path.relative_to(ROOT / "tests").parent).is_dir()
    )
