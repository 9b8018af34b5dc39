"""What the search answers."""

from __future__ import annotations

from uuid import UUID

import msgspec

from core.ext.specs import Hit


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One hit; ``url`` is its page, '' where it has none."""

    record_type: str
    id: UUID
    title: str
    subtitle: str
    url: str

    @classmethod
    def of(cls, hit: Hit, url: str) -> Found:
        """Show a hit with its full address."""
        return cls(
            record_type=hit.record_type, id=hit.record_id, title=hit.title, subtitle=hit.subtitle, url=url
        )


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The best hits, the best first."""

    data: list[Found]
