"""Distributions that bring modules of their own: found by their entry points, imported at arm's length.

Owns the list of them and what went wrong with each. Never lets one of them stop the process: an import that
raises, exits or does not end is that distribution's fault alone. A thread that hangs cannot be ended, only left
behind, and it holds the import lock of its own package alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final, TypeVar

GROUP: Final = "guanxi.plugins"
LIMIT_S: Final = 20.0
"""How long a distribution may take to be imported, or to say what it declares."""

T = TypeVar("T")


class NotInTime(Exception):
    """Something was still running at the end of its time."""


@dataclass(slots=True)
class Source:
    """One distribution's module: the key it goes by, where its package lies, and what is wrong with it."""

    key: str
    module: str
    distribution: str = ""
    version: str = ""
    folder: Path | None = None
    error: str = ""

    @property
    def package(self) -> str:
        """The package that holds the module; its tables, templates and texts lie there."""
        return self.module.rpartition(".")[0]

    def load(self) -> ModuleType:
        """Import the module; raises what that raises."""
        return within(LIMIT_S, lambda: importlib.import_module(self.module))

    def models(self) -> Iterator[str]:
        """The names of the package's modules that declare tables."""
        for path in sorted(self.folder.rglob("models.py")) if self.folder else ():
            yield ".".join((self.package, *path.relative_to(self.folder or path).with_suffix("").parts))


@cache
def sources() -> tuple[Source, ...]:
    """All installed distributions with a module, in the order of their keys."""
    found = {entry.name: _source(entry) for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}
    return tuple(found.values())


def folders() -> list[Path]:
    """The folders of the packages of all installed modules."""
    return [source.folder for source in sources() if source.folder is not None]


def within(limit_s: float, function: Callable[[], T]) -> T:
    """Call a function in a thread of its own; raises what it raises, or :class:`NotInTime`."""
    answer: list[T] = []
    wrong: list[BaseException] = []

    def call() -> None:
        try:
            answer.append(function())
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(limit_s)
    if wrong:
        raise RuntimeError(f"{type(wrong[0]).__name__}: {wrong[0]}") from wrong[0]
    if not answer:
        raise NotInTime(f"it did not end within {limit_s:g} s")
    return answer[0]


def _source(entry: EntryPoint) -> Source:
    source = Source(key=entry.name, module=entry.module)
    if entry.dist is not None:
        source.distribution, source.version = entry.dist.name, entry.dist.version
    if not source.package:
        source.error = f"{entry.value} is not a module within a package"
        return source
    try:
        spec = within(LIMIT_S, lambda: importlib.util.find_spec(source.package))
    except Exception as error:
        source.error = str(error)
        return source
    if spec is None or not spec.submodule_search_locations:
        source.error = f"there is no package {source.package}"
    else:
        source.folder = Path(next(iter(spec.submodule_search_locations)))
    return source
