import pytest

from core.kernel import errors
from core.kernel.errors import AppError, FieldError, Invalid, TooManyRequests, Unavailable

STATUSES = {
    errors.BadRequest: (400, "request.malformed"),
    errors.Unauthenticated: (401, "auth.required"),
    errors.Forbidden: (403, "permission.missing"),
    errors.NotFound: (404, "not_found"),
    errors.Conflict: (409, "conflict"),
    errors.PreconditionFailed: (412, "precondition.failed"),
    errors.Invalid: (422, "invalid"),
    errors.TooManyRequests: (429, "rate.exceeded"),
    errors.Unavailable: (503, "unavailable"),
}


@pytest.mark.parametrize(("kind", "expected"), STATUSES.items())
def test_each_error_has_status_code_and_title(kind, expected):
    error = kind()
    assert (error.status, error.code) == expected
    assert error.title
    assert isinstance(error, AppError)


def test_an_error_can_be_more_precise_than_its_class():
    error = errors.Conflict("Taken by {name}", code="lead.converted", detail="d", params={"name": "Bo"})
    assert (error.title, error.code, error.detail, error.params) == (
        "Taken by {name}",
        "lead.converted",
        "d",
        {"name": "Bo"},
    )
    assert errors.Conflict().code == "conflict"


def test_invalid_field_builds_one_error():
    error = Invalid.field("phones.0.number", "phone", "Not a phone number", region="CN")
    assert error.errors == (FieldError("phones.0.number", "phone", "Not a phone number", {"region": "CN"}),)
    assert "phones.0.number: phone" in str(error)


@pytest.mark.parametrize(("given", "told"), [(0, 1), (0.2, 1), (3, 3), (3.1, 4)])
@pytest.mark.parametrize("kind", [TooManyRequests, Unavailable])
def test_waiting_errors_round_up_to_whole_seconds(kind, given, told):
    error = kind(given, headers={"X": "1"})
    assert error.retry_after_s == told
    assert error.headers == {"Retry-After": str(told), "X": "1"}
