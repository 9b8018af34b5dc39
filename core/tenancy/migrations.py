"""Revisions compiled to SQL once, to be replayed for every tenant.

Owns the reading of alembic histories. Emits nothing. Never connects: see ``runner``.
"""

import io
import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.tenancy.components import Component

_CREATED: Final = re.compile(r'^CREATE TABLE (?:IF NOT EXISTS )?"?(?:\w+"?\."?)?(\w+)"?', re.MULTILINE)
_COMPILING: Final = threading.Lock()
"""A revision speaks to one context of the whole process: two compiled at once would write into each other's."""


class UnknownRevision(RuntimeError):
    """A schema is at a revision that this code does not know."""


@dataclass(frozen=True, slots=True)
class Step:
    """One revision as SQL.

    ``transactional = False`` in the revision's module marks statements that run one by one outside a
    transaction and may be repeated. ``contract = True`` marks a step that release N-1 would not survive.
    """

    revision: str
    previous: str | None
    sql: str
    is_transactional: bool = True
    is_contract: bool = False

    @property
    def created(self) -> tuple[str, ...]:
        """Names of the tables that this step makes."""
        return tuple(_CREATED.findall(self.sql))


@cache
def compile_history(component: Component, versions: Path | None = None) -> tuple[Step, ...]:
    """Compile a component's revisions, oldest first; ``versions`` replaces its folder of revisions."""
    folder = versions or component.path / "versions"
    script = ScriptDirectory(str(folder.parent), version_locations=[str(folder)])
    steps: list[Step] = []
    for revision in reversed(list(script.walk_revisions())):
        previous = revision.down_revision
        if isinstance(previous, (tuple, list)):
            raise TypeError(f"{component.key}: revision {revision.revision} merges branches")
        module = revision.module
        buffer = io.StringIO()
        context = MigrationContext.configure(
            dialect_name="postgresql", opts={"as_sql": True, "output_buffer": buffer}
        )
        with _COMPILING, Operations.context(context):
            module.upgrade()
        steps.append(
            Step(
                revision=revision.revision,
                previous=previous,
                sql=buffer.getvalue(),
                is_transactional=getattr(module, "transactional", True),
                is_contract=getattr(module, "contract", False),
            )
        )
    return tuple(steps)


def head(steps: tuple[Step, ...]) -> str | None:
    """Give the newest revision."""
    return steps[-1].revision if steps else None


def after(steps: tuple[Step, ...], revision: str | None) -> tuple[Step, ...]:
    """Give the steps that follow a revision; raises :class:`UnknownRevision` for one not in the history."""
    if revision is None:
        return steps
    for index, step in enumerate(steps):
        if step.revision == revision:
            return steps[index + 1 :]
    raise UnknownRevision(
        f"revision {revision} is not in the history: the database was made by another version of the program"
    )
