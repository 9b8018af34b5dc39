from datetime import UTC, datetime
from uuid import UUID

from core.kernel.texts import texts


def test_values_are_written_as_postgresql_reads_them() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert texts([None, b"\x00\xff", at, 7, 0.5, UUID(int=1)]) == [
        None,
        r"\x00ff",
        "2026-01-02T03:04:05.000678+00:00",
        "7",
        "0.5",
        "00000000-0000-0000-0000-000000000001",
    ]
