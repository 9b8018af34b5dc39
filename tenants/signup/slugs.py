"""Addresses of workspaces: what may be one, which are free, and suggestions from a name in any script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from core.kernel import text
from core.kernel.ids import opaque
from core.tenancy.control import Control
from core.tenancy.directory import FormerSlug, TenantRow
from tenants.signup.schema import SLUG

RESERVED = frozenset(Path(__file__).with_name("reserved.txt").read_text("ascii").split())

CHINESE = re.compile("[一-鿿]+")


def is_reserved(slug: str) -> bool:
    """Whether a slug is kept for the product itself."""
    return slug in RESERVED


def suggest(name: str) -> str:
    """A slug for a workspace's name: pinyin for Chinese, ASCII for the rest; empty where nothing is left."""
    # A Chinese legal form is long when spelt out; a Latin one is short and tells firms apart.
    wanted = text.strip_company(name) if CHINESE.search(name) else name
    spelt = CHINESE.sub(lambda found: text.pinyin(found[0], person=False), wanted)
    slug = re.sub("[^a-z0-9]+", "-", text.fold(spelt)).strip("-")[:40].strip("-")
    slug = slug.lstrip("0123456789-")
    return slug if re.fullmatch(SLUG, slug) and not is_reserved(slug) else ""


async def free(control: Control, wanted: str, *, count: int = 1) -> list[str]:
    """The first addresses that nobody has: the wanted one, then the same with something added."""
    base = wanted[:34].strip("-") if wanted else ""
    if not base:
        return [f"team-{opaque()[:6]}" for _ in range(count)]
    tried = [wanted, *(f"{base}-{ending}" for ending in ("crm", *range(2, 8)))]
    tried += [f"{base[:32]}-{opaque()[:5]}" for _ in range(count)]
    taken = await _taken(control, tried)
    return [one for one in tried if one not in taken and not is_reserved(one)][:count]


async def is_free(control: Control, slug: str) -> bool:
    """Whether an address can be had."""
    return not is_reserved(slug) and not await _taken(control, [slug])


async def _taken(control: Control, slugs: Sequence[str]) -> set[str]:
    former = select(FormerSlug.slug).where(FormerSlug.slug.in_(slugs), FormerSlug.until > control.now())
    found = await control.session.scalars(
        select(TenantRow.slug).where(TenantRow.slug.in_(slugs)).union(former)
    )
    return {slug for slug in found if slug}
