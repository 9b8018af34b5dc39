"""Whom a request about personal data is about, as every module is told."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose data are meant: a record of a customer, contact or lead, and what else names the person.

    ``records`` are all records that are about this person alone; addresses and numbers that somebody else has too are
    left out; ``words`` are what the person is called.
    """

    record_type: str
    record_id: UUID
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    records: tuple[tuple[str, UUID], ...] = ()

    def own(self, record_type: str) -> list[UUID]:
        """The ids of the person's records of one type."""
        every = dict.fromkeys(((self.record_type, self.record_id), *self.records))
        return [record_id for kind, record_id in every if kind == record_type]
