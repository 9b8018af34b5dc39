"""What happens to accounts; written into the control plane's log."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class AccountEvent(Event, frozen=True, kw_only=True):
    """Something that happened to an account; no workspace's webhook tells of it."""

    name: ClassVar[str] = "account"
    subject: ClassVar[str] = "account"
    webhook: ClassVar[bool] = False


class AccountCreated(AccountEvent, frozen=True, kw_only=True):
    """Somebody signed up."""

    name: ClassVar[str] = "account.created"
    summary: ClassVar[str] = N_("An account was made.")


class AccountVerified(AccountEvent, frozen=True, kw_only=True):
    """It was shown that an address is the person's."""

    name: ClassVar[str] = "account.verified"
    summary: ClassVar[str] = N_("An e-mail address was confirmed.")


class AccountRefused(AccountEvent, frozen=True, kw_only=True):
    """The holder of an address said that he never signed up."""

    name: ClassVar[str] = "account.refused"
    summary: ClassVar[str] = N_("An e-mail address was given by somebody else.")


class PasswordChanged(AccountEvent, frozen=True, kw_only=True):
    """Somebody set a new password for himself."""

    name: ClassVar[str] = "password.changed"
    summary: ClassVar[str] = N_("A password was changed.")


class PasswordReset(AccountEvent, frozen=True, kw_only=True):
    """A forgotten password was replaced by the link in a mail."""

    name: ClassVar[str] = "password.reset"
    summary: ClassVar[str] = N_("A forgotten password was replaced.")


class EmailChanged(AccountEvent, frozen=True, kw_only=True):
    """An account has another address, or its former one again."""

    name: ClassVar[str] = "email.changed"
    summary: ClassVar[str] = N_("The e-mail address of an account was changed.")


class SessionOpened(AccountEvent, frozen=True, kw_only=True):
    """Somebody signed in, with every step that it takes; a session that only gets another token tells nothing."""

    name: ClassVar[str] = "session.opened"
    summary: ClassVar[str] = N_("Signed in.")
    user_agent: str = ""


class SessionRevoked(AccountEvent, frozen=True, kw_only=True):
    """Sessions were ended from elsewhere; ``count`` says how many."""

    name: ClassVar[str] = "session.revoked"
    summary: ClassVar[str] = N_("Sessions were ended.")
    count: int = 1


class LoginFailed(AccountEvent, frozen=True, kw_only=True):
    """Somebody gave a wrong password; written a few times an hour at most."""

    name: ClassVar[str] = "login.failed"
    summary: ClassVar[str] = N_("A login failed.")


EVENTS = [
    AccountCreated,
    AccountVerified,
    AccountRefused,
    PasswordChanged,
    PasswordReset,
    EmailChanged,
    SessionOpened,
    SessionRevoked,
    LoginFailed,
]
