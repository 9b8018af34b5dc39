"""What people send about their account."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.kernel.i18n import N_
from core.kernel.types import Email, Name

Password = Annotated[str, msgspec.Meta(min_length=10, max_length=200, title=N_("Password"))]


class LoginIn(msgspec.Struct, kw_only=True):
    """The login form; ``next`` is the page to go on to."""

    email: str
    password: str
    next: str = ""


class AccountIn(msgspec.Struct, kw_only=True):
    """A new account."""

    email: Email
    name: Name
    password: Password
    locale: str = "en"


class NewPasswordIn(msgspec.Struct, kw_only=True):
    """A password in place of a forgotten one."""

    new: Password


class PasswordIn(msgspec.Struct, kw_only=True):
    """A change of password."""

    current: str
    new: Password


class ForgottenIn(msgspec.Struct, kw_only=True):
    """Whose password is forgotten."""

    email: Annotated[Email, msgspec.Meta(title=N_("E-mail address"))]


class EmailIn(msgspec.Struct, kw_only=True):
    """A change of address."""

    email: Annotated[Email, msgspec.Meta(title=N_("New e-mail address"))]
    current: str
