"""What becomes of an error that is not the product's own."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from core.kernel.errors import AppError, Unavailable
from core.web.problems import as_app_error


def lost_while_undoing() -> PendingRollbackError:
    try:
        try:
            raise asyncpg.InterfaceError("connection is closed")
        except asyncpg.InterfaceError:
            raise PendingRollbackError("can't reconnect") from None
    except PendingRollbackError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.InternalClientError("cannot switch to state 21; another operation (2) is in progress"),
        asyncpg.InterfaceError("cannot commit: the underlying connection is closed"),
        DBAPIError("SELECT 1", {}, Exception(), connection_invalidated=True),
        lost_while_undoing(),
    ],
)
def test_a_lost_connection_passes(error: Exception) -> None:
    assert isinstance(as_app_error(error), Unavailable)


@pytest.mark.parametrize(
    "error", [ValueError(), asyncpg.InterfaceError("wrong number of arguments"), KeyError("x")]
)
def test_a_fault_of_ours_does_not(error: Exception) -> None:
    found = as_app_error(error)
    assert type(found) is AppError
    assert found.status == 500
