"""Questions to the index: the best hits over all types, and the condition of lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, Text, all_, and_, cast, literal, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

from core.ext.specs import Hit, RecordType
from core.kernel.statements import Statement
from core.records import labels
from core.records.text import by_label
from core.search import terms
from core.search.models import SearchDocument
from core.tenancy.ctx import Ctx

LIMIT: Final = 50
CANDIDATES: Final = 500
"""So many matches of one rank are compared by owner and age; of a broader question only some are looked at."""
TIERS: Final = ("exact", "prefix", "contains")

_FOUND = """{tier} AS MATERIALIZED (
    SELECT record_type, record_id, title, subtitle, owner_id, touched_at FROM search_document
    WHERE terms @@ CAST(CAST(:{tier} AS text) AS tsquery) AND record_type = ANY(CAST(:types AS text[])) {more}
    LIMIT :candidates
)"""
_SHARED = """{tier}_shared AS MATERIALIZED (
    SELECT d.record_type, d.record_id, d.title, d.subtitle, d.owner_id, d.touched_at
    FROM share s JOIN search_document d ON d.record_type = s.record_type AND d.record_id = s.record_id
    WHERE s.member_id = CAST(:me AS uuid) AND s.level IN ('view', 'edit')
        AND s.record_type = ANY(CAST(:types AS text[]))
        AND terms @@ CAST(CAST(:{tier}_any AS text) AS tsquery)
        AND NOT terms @@ CAST(CAST(:scope AS text) AS tsquery) {more}
    LIMIT :candidates
)"""
# What a narrower tier found is left out after the index was read: to ask it for what is not there costs more.
_MORE: Final = {
    "exact": "",
    "prefix": "AND NOT terms @@ CAST(CAST(:above_prefix AS text) AS tsquery)",
    "contains": """AND NOT terms @@ CAST(CAST(:above_contains AS text) AS tsquery)
        AND folded LIKE ALL (CAST(:patterns AS text[]))""",
}
_RANKED = """(SELECT record_type, record_id, title, subtitle FROM ({source}) {tier}_all
    ORDER BY coalesce(owner_id = CAST(:me AS uuid), false) DESC, touched_at DESC, record_id LIMIT :limit)"""


async def find(ctx: Ctx, query: str, *, types: Collection[str] = (), limit: int = 20) -> list[Hit]:
    """Find what the actor may see: whole names first, then beginnings, then parts; his own and the newest first.

    One statement, and one for the names of what the finds belong to. `types` narrows to some record types; a limit
    above 50 is lowered to it.
    """
    asked = terms.asked(query)
    known = _searchable(ctx, types)
    kinds, scope = terms.scope(ctx.actor, known)
    if asked is None or not kinds:
        return []
    values = {
        **_tiers(asked, scope),
        "types": kinds,
        "me": ctx.actor.member_id,
        "patterns": list(asked.patterns),
        "candidates": CANDIDATES,
        "limit": min(limit, LIMIT),
    }
    rows = await ctx.session.run(_statement(with_shares=bool(scope)), values)
    within = await labels.within(
        ctx, [known[row.record_type] for row in rows], [row.record_id for row in rows]
    )
    return [
        _hit(ctx, known[row.record_type], row, within.get((row.record_type, row.record_id), ""))
        for row in rows
    ]


def condition(ctx: Any, type_: RecordType, query: str) -> ColumnElement[bool]:
    """Return the condition of a list's records that a query finds; types without documents by their label."""
    asked = terms.asked(query)
    if type_.search is None or asked is None:
        return by_label(ctx, type_, query)
    document, question = SearchDocument, f"({asked.contains}) & '#{type_.key}'"
    patterns = cast(literal(list(asked.patterns), ARRAY(Text())), ARRAY(Text()))
    found = select(document.record_id).where(
        and_(
            document.record_type == type_.key,
            document.terms.bool_op("@@")(cast(cast(literal(question), Text()), TSQUERY())),
            document.folded.like(all_(patterns)),
        )
    )
    return type_.model.id.in_(found)  # type: ignore[no-any-return]


async def best(ctx: Any, type_: RecordType, query: str, limit: int) -> list[tuple[str, str, str]] | None:
    """Return the best finds of one type as id, title and subtitle; None where the index cannot answer."""
    if type_.search is None or terms.asked(query) is None:
        return None
    hits = await find(ctx, query, types=(type_.key,), limit=limit)
    return [(str(hit.record_id), hit.title, hit.subtitle) for hit in hits]


def _searchable(ctx: Ctx, types: Collection[str]) -> dict[str, RecordType]:
    registry = ctx.machinery.registry
    return {
        key: type_
        for key, type_ in registry.records.items()
        if type_.search is not None and registry.serves(type_, ctx) and (not types or key in types)
    }


def _tiers(asked: terms.Asked, scope: str) -> Mapping[str, str]:
    """Give each tier its question, what is above it, and both with and without the actor's reach."""
    wide = {"exact": asked.exact, "prefix": asked.prefix, "contains": asked.contains}
    above = {"above_prefix": asked.exact, "above_contains": f"{asked.exact} | {asked.prefix}"}
    if not scope:
        return {**wide, **above}
    reached = {tier: f"({question}) & ({scope})" for tier, question in wide.items()}
    return {
        **reached,
        **above,
        **{f"{tier}_any": question for tier, question in wide.items()},
        "scope": scope,
    }


@cache
def _statement(*, with_shares: bool) -> Statement:
    parts: list[str] = []
    ranked: list[str] = []
    for tier in TIERS:
        parts.append(_FOUND.format(tier=tier, more=_MORE[tier]))
        source = f"TABLE {tier}"
        if with_shares:
            parts.append(_SHARED.format(tier=tier, more=_MORE[tier]))
            source += f" UNION ALL TABLE {tier}_shared"
        ranked.append(_RANKED.format(tier=tier, source=source))
    # Made of the constants above; whatever was asked is bound.
    found = f"WITH {', '.join(parts)} SELECT * FROM ({' UNION ALL '.join(ranked)}) h LIMIT :limit"  # noqa: S608
    return Statement(text(found))


def _hit(ctx: Ctx, type_: RecordType, row: Any, within: str) -> Hit:
    below = ctx.machinery.registry.below(type_.plugin)
    return Hit(
        record_type=type_.key,
        record_id=row.record_id,
        title=row.title,
        subtitle=" · ".join(part for part in (within, row.subtitle) if part),
        url=f"{below}/{type_.path}/{row.record_id}" if type_.pages else "",
        icon=type_.icon,
    )
