"""What happens to the second step of an account, and to a workspace's demand for it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class SecondFactorEvent(Event, frozen=True, kw_only=True):
    """Something about the second step of an account; no webhook tells of it."""

    name: ClassVar[str] = "second_factor"
    subject: ClassVar[str] = "account"
    webhook: ClassVar[bool] = False


class SecondFactorEnabled(SecondFactorEvent, frozen=True, kw_only=True):
    """Signing in asks for a code from now on."""

    name: ClassVar[str] = "second_factor.enabled"
    summary: ClassVar[str] = N_("Two-step sign-in was switched on.")


class SecondFactorDisabled(SecondFactorEvent, frozen=True, kw_only=True):
    """Signing in asks for the password alone again."""

    name: ClassVar[str] = "second_factor.disabled"
    summary: ClassVar[str] = N_("Two-step sign-in was switched off.")


class RecoveryCodesRenewed(SecondFactorEvent, frozen=True, kw_only=True):
    """The former recovery codes end."""

    name: ClassVar[str] = "second_factor.renewed"
    summary: ClassVar[str] = N_("New recovery codes were made.")


class RecoveryCodeUsed(SecondFactorEvent, frozen=True, kw_only=True):
    """Somebody signed in without the authenticator; ``left`` codes remain."""

    name: ClassVar[str] = "second_factor.recovered"
    summary: ClassVar[str] = N_("A recovery code was used to sign in.")
    left: int = 0


class SignInPolicyChanged(Event, frozen=True, kw_only=True):
    """A workspace demands two-step sign-in of everybody, or no longer."""

    name: ClassVar[str] = "sign_in_policy.changed"
    subject: ClassVar[str] = "workspace"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The demand for two-step sign-in was changed.")
    demanded: bool = False


EVENTS: list[type[Event]] = [
    SecondFactorEnabled,
    SecondFactorDisabled,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SignInPolicyChanged,
]
