"""Versions of records as entity tags: handed out with every record, demanded back by those who care."""

from typing import Any, Protocol

from core.kernel.errors import PreconditionFailed
from core.kernel.i18n import N_


class Versioned(Protocol):
    """A record with an optimistic version."""

    version: int


def etag(record: Versioned) -> str:
    """Return the entity tag of a record as it is now."""
    return f'"{record.version}"'


def matches(header: str, record: Versioned) -> bool:
    """Tell whether an If-Match or If-None-Match header names the present version."""
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in tags or etag(record) in tags


def check(headers: Any, record: Versioned) -> None:
    """Raise PreconditionFailed if the request was made against another version than the present."""
    wanted = headers.get("if-match")
    if wanted is not None and not matches(wanted, record):
        raise changed(record)


def check_version(version: str, record: Versioned) -> None:
    """Raise PreconditionFailed unless a form was filled in against the present version."""
    if version != str(record.version):
        raise changed(record)


def changed(record: Versioned) -> PreconditionFailed:
    """Make the error that carries the present version along."""
    text = N_("Somebody else has changed this record. Look at the new values and try again.")
    return PreconditionFailed(detail=text, headers={"ETag": etag(record)})
