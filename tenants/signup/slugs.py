"""Addresses of workspaces: what may be one, and suggestions from a name in any script."""

from __future__ import annotations

import re
from pathlib import Path

from core.kernel import text
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
