"""Values as text, for statements that take many rows as arrays.

Owns ``texts``. Emits nothing. Never used for anything but parameters.
"""

from collections.abc import Iterable
from datetime import datetime


def texts(values: Iterable[object]) -> list[str | None]:
    """Write values so that PostgreSQL reads them back by a cast from ``text[]``.

    The driver has a codec of its own for ``text[]`` alone; for any other array it would have to ask the server,
    which a tenant's role does not let it do.
    """
    return [_text(value) for value in values]


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return value.isoformat() if isinstance(value, datetime) else str(value)
