"""What people send about two-step sign-in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from core.kernel.i18n import N_


class CodeIn(msgspec.Struct, kw_only=True):
    """A code of the authenticator, or a recovery code; ``next`` is the page to go on to."""

    code: Annotated[str, Meta(min_length=1, max_length=64, title=N_("Code"))]
    next: str = ""


class PasswordOnlyIn(msgspec.Struct, kw_only=True):
    """The password, asked for once more."""

    password: Annotated[str, Meta(min_length=1, max_length=200, title=N_("Password"))]
    next: str = ""


class OffIn(msgspec.Struct, kw_only=True):
    """Both, to switch it off."""

    password: Annotated[str, Meta(min_length=1, max_length=200, title=N_("Password"))]
    code: Annotated[str, Meta(min_length=1, max_length=64, title=N_("Code"))]
