"""The errors that a caller may see, each with an HTTP status and a stable dotted code.

Owns: the exception family and the field error. Emits: nothing. Never renders or translates: titles and
messages are English message ids with named {params}, put into the reader's language at the edge.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import msgspec

from core.kernel.i18n import N_

__all__ = [
    "AppError",
    "BadRequest",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Invalid",
    "NotFound",
    "PaymentRequired",
    "PreconditionFailed",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
]


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one value; `path` is dotted ('phones.0.number'), '' for the whole."""

    path: str
    code: str
    message: str
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)


class AppError(Exception):
    """An answer other than success, complete enough to be a problem document or a form with errors."""

    status: ClassVar[int] = 500
    code: str = "internal"
    title: str = N_("Something went wrong")
    members: Mapping[str, Any] = {}
    """What a problem document says beyond the standard members; set on one error, never on a class."""

    def __init__(
        self,
        title: str | None = None,
        *,
        code: str | None = None,
        detail: str | None = None,
        errors: Iterable[FieldError] = (),
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.title = title or type(self).title
        self.code = code or type(self).code
        self.detail = detail
        self.errors = tuple(errors)
        self.params = dict(params or {})
        self.headers = dict(headers or {})
        super().__init__(self.title)

    def __str__(self) -> str:
        # For logs and tracebacks alone, so it stays English and names fields, never their values.
        fields = ", ".join(f"{error.path}: {error.code}" for error in self.errors)
        return f"{self.code}: {self.title}" + (f" ({fields})" if fields else "")


class BadRequest(AppError):
    """The request is not in the agreed form."""

    status = 400
    code = "request.malformed"
    title = N_("The request could not be read")


class Unauthenticated(AppError):
    """Nobody is logged in, or the key is unknown."""

    status = 401
    code = "auth.required"
    title = N_("Please log in")


class PaymentRequired(AppError):
    """The workspace's plan does not include this, or is not paid for."""

    status = 402
    code = "plan.limit"
    title = N_("Your plan does not include this")


class Forbidden(AppError):
    """The actor is known and may not do this."""

    status = 403
    code = "permission.missing"
    title = N_("You are not allowed to do this")


class NotFound(AppError):
    """There is no such thing, or not for this actor: the two must look the same."""

    status = 404
    code = "not_found"
    title = N_("Not found")


class Conflict(AppError):
    """The present state does not allow this."""

    status = 409
    code = "conflict"
    title = N_("This does not fit the current state")


class PreconditionFailed(AppError):
    """Somebody else changed the record since it was read."""

    status = 412
    code = "precondition.failed"
    title = N_("Somebody else has changed this in the meantime")


class Invalid(AppError):
    """Values that cannot be accepted; `errors` holds all of them."""

    status = 422
    code = "invalid"
    title = N_("Some values need your attention")

    @classmethod
    def field(cls, path: str, code: str, message: str, **params: Any) -> Self:
        """Build the error for one wrong value."""
        return cls(errors=[FieldError(path, code, message, params)])


class _Wait(AppError):
    """An error that passes; the caller is told when to come back."""

    def __init__(self, retry_after_s: float = 1, title: str | None = None, **rest: Any) -> None:
        self.retry_after_s = max(1, -int(-retry_after_s // 1))
        headers = {"Retry-After": str(self.retry_after_s), **(rest.pop("headers", None) or {})}
        super().__init__(title, headers=headers, **rest)


class TooManyRequests(_Wait):
    """A limit is used up; `retry_after_s` says when to try again."""

    status = 429
    code = "rate.exceeded"
    title = N_("Too many requests, please slow down")


class Unavailable(_Wait):
    """The service cannot answer now; `retry_after_s` says when to try again."""

    status = 503
    code = "unavailable"
    title = N_("The service is busy, please try again shortly")
