"""Codes: RFC 6238's own test vectors, drift, what people type, and the vault."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.kernel.secrets import SealBrokenError
from tenants.accounts.second_factor import codes

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_vectors_of_the_standard(at: int, code: str) -> None:
    found = codes.step_of(SECRET, code, datetime.fromtimestamp(at, UTC))
    assert found == at // codes.STEP_S


def test_a_code_works_one_interval_early_and_late_and_no_longer() -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    for seconds, works in ((-30, True), (30, True), (-90, False), (90, False)):
        found = codes.step_of(SECRET, "081804", at + timedelta(seconds=seconds))
        assert (found is not None) == works


@pytest.mark.parametrize("typed", ["081 804", " 081804 ", "081-804"])
def test_what_people_put_between_is_left_out(typed: str) -> None:
    assert codes.step_of(SECRET, typed, datetime.fromtimestamp(1111111109, UTC)) is not None


@pytest.mark.parametrize("typed", ["", "08180", "0818040", "x" * 500, "０８１８０４"])
def test_anything_else_is_no_code(typed: str) -> None:
    assert codes.step_of(SECRET, typed, datetime.fromtimestamp(1111111109, UTC)) is None


def test_a_sealed_secret_opens_for_its_account_alone() -> None:
    vault, account = codes.Vault(b"key"), uuid4()
    sealed = vault.seal(account, SECRET)
    assert SECRET not in sealed
    assert vault.open(account, sealed) == SECRET
    with pytest.raises(SealBrokenError):
        vault.open(uuid4(), sealed)
    with pytest.raises(SealBrokenError):
        codes.Vault(b"another").open(account, sealed)


def test_recovery_codes_differ_and_are_digested_with_their_account() -> None:
    made, vault, account = codes.new_recovery_codes(), codes.Vault(b"key"), uuid4()
    assert len(set(made)) == codes.COUNT
    assert vault.digest(account, made[0]) == vault.digest(account, made[0].upper().replace("-", " "))
    assert vault.digest(account, made[0]) != vault.digest(uuid4(), made[0])


def test_the_picture_is_plain_svg() -> None:
    drawn = codes.picture(SECRET, "ann@acme.test")
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert "<script" not in drawn
