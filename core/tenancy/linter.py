"""Refuses migration steps that would be slow with many tenants, unsafe in a rolling upgrade, or not portable.

Owns the rules. Emits nothing. Never connects.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.tenancy.components import Component
from core.tenancy.migrations import Step


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule in one step."""

    component: str
    revision: str
    rule: str
    statement: str

    def __str__(self) -> str:
        return f"{self.component} {self.revision}: {self.rule}: {self.statement[:100]}"


_RULES: Final[dict[str, str]] = {
    "a column with a default is added in three steps: add it, set the default, fill in batches": (
        r"\bADD COLUMN\b(?!.*\bGENERATED\b).*\bDEFAULT\b"
    ),
    "a new column that must not be null is added as nullable first": (
        r"\bADD COLUMN\b(?!.*\bGENERATED\b).*\bNOT NULL\b"
    ),
    "columns are named, not starred": r"\bSELECT\s+(\w+\.)?\*",
    "tables have columns of built-in types only": r"\bCREATE\s+(TYPE|DOMAIN)\b|\b(citext|hstore|ltree|vector)\b",
    "ids come from the application, not from sequences": (
        r"\bCREATE\s+SEQUENCE\b|\b(SMALL|BIG)?SERIAL\b|\bAS IDENTITY\b|\bnextval\("
    ),
    "tables have no triggers, rules or functions": (
        r"\bCREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?(TRIGGER|RULE|FUNCTION|PROCEDURE)\b|^\s*DO\b"
    ),
    "grants come from the models": r"^\s*(GRANT|REVOKE)\b",
    "the role and the path are the runner's": r"\b(SET|RESET)\s+(LOCAL\s+|SESSION\s+)?(ROLE|search_path)\b",
    "syntax newer than PostgreSQL 15": (
        r"\buuidv[47]\(|\bRETURNING\s+(WITH\s*\(|(old|new)\.)|\bJSON_TABLE\(|\bANY_VALUE\(|\bVIRTUAL\b"
        r"|\bWITHOUT OVERLAPS\b|\bNOT ENFORCED\b|\bWITH\s+(INHERIT|SET)\s+(TRUE|FALSE|OPTION)\b"
        r"|\bJSON_(SCALAR|SERIALIZE|EXISTS|QUERY|VALUE)\(|\bNOT NULL\s+\w+\s+NOT VALID\b"
    ),
}
_COMPILED: Final = {rule: re.compile(pattern, re.IGNORECASE | re.DOTALL) for rule, pattern in _RULES.items()}
_REFERENCE: Final = re.compile(r'\bREFERENCES\s+"?(\w+)"?\s*\.', re.IGNORECASE)
_CONTRACT: Final = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bALTER\s+COLUMN\b.*\b(TYPE|SET\s+NOT\s+NULL)\b"
    r"|\bADD\s+CONSTRAINT\b(?!.*\bNOT VALID\b)",
    re.IGNORECASE | re.DOTALL,
)
_EXPAND: Final = re.compile(r"\bCREATE\s+TABLE\b|\bADD COLUMN\b", re.IGNORECASE)
_CONCURRENT: Final = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_INDEX: Final = re.compile(r"^\s*CREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)", re.IGNORECASE)


def lint(component: Component, steps: Iterable[Step]) -> list[Problem]:
    """Give every broken rule of a history."""
    problems: list[Problem] = []
    for step in steps:
        found = [
            (rule, statement)
            for statement in statements(step.sql)
            for rule in _broken(component, step, statement)
        ]
        if _mixes(step):
            found.append(("a contract step stands in a revision of its own", step.revision))
        problems += [Problem(component.key, step.revision, rule, text) for rule, text in found]
    return problems


def statements(sql: str) -> list[str]:
    """Split a step into statements, comments left out."""
    lines = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return [part.strip() for part in lines.split(";\n") if part.strip(" ;\n")]


def _broken(component: Component, step: Step, statement: str) -> list[str]:
    found = [rule for rule, pattern in _COMPILED.items() if pattern.search(statement)]
    foreign = {name for name in _REFERENCE.findall(statement) if name != component.schema}
    if foreign:
        found.append("foreign keys stay inside the schema")
    if step.previous is None:
        return found
    if _CONTRACT.search(statement) and not step.is_contract:
        found.append("a step that the previous release would not survive is marked contract = True")
    if _CONCURRENT.search(statement) and step.is_transactional:
        found.append("CONCURRENTLY needs transactional = False")
    if _INDEX.search(statement) and not _is_on_new(statement, step):
        found.append("an index on an existing table is made CONCURRENTLY")
    if not step.is_transactional and not re.search(
        r"\bIF (NOT )?EXISTS\b|^UPDATE\b", statement, re.IGNORECASE
    ):
        found.append("a step outside a transaction may be repeated: IF [NOT] EXISTS")
    return found


def _is_on_new(statement: str, step: Step) -> bool:
    return any(re.search(rf'\bON\s+"?{re.escape(name)}"?\b', statement) for name in step.created)


def _mixes(step: Step) -> bool:
    return step.is_contract and bool(_EXPAND.search(step.sql))
