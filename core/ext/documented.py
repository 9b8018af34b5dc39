"""Writes docs/hooks.md from the hooks and the structs that they return: ``python -m core.ext.documented``.

Never read by the running product.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from core.ext import hooks, person, specs

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
HEAD = """\
# Hooks

What a module can give to the product. A module is a package with a `plugin.py`; each function in it that bears
`@hookimpl` and one of these names is found at start. A hook that declares returns a list of the structs below
and is called once; the hooks that are coroutines are called when their time comes.

This page is written by `python -m core.ext.documented`.
"""


def hook_names() -> list[str]:
    """The names of all hooks, in the order of their file."""
    return [node.name for node in _functions()]


def page() -> str:
    """The text of docs/hooks.md."""
    parts = [HEAD, *(_hook(node) for node in _functions()), "## What they return\n"]
    return "\n".join([*parts, *(_struct(node) for node in _structs())])


def _functions() -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.parse(inspect.getsource(hooks)).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("crm_"):
            yield node


def _hook(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    signature = f"{kind} {node.name}({ast.unparse(node.args)}){returns}"
    return f"## {node.name}\n\n```python\n{signature}\n```\n\n{_said(node)}\n"


def _structs() -> Iterator[ast.ClassDef]:
    for module in (specs, person):
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                yield node


def _struct(node: ast.ClassDef) -> str:
    lines = [ast.unparse(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    shape = "\n".join(lines) or "# no fields"
    return f"### {node.name}\n\n{_said(node)}\n\n```python\n{shape}\n```\n"


def _said(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return (ast.get_docstring(node) or "").replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
