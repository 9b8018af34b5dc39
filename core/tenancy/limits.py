"""What a workspace may have of a thing, and the answer where it has that many already.

Owns: the names of limits and their messages. Emits nothing. Never counts: whoever adds something does.
"""

from __future__ import annotations

from typing import Final

from core.kernel.errors import PaymentRequired
from core.kernel.i18n import N_

MESSAGES: Final = {
    "members": N_("Your plan has room for {limit} members, and {used} work here already."),
    "customers": N_("Your plan has room for {limit} customers, and {used} are here already."),
    "api_keys": N_("Your plan has room for {limit} API keys, and {used} are in use already."),
    "storage_mb": N_("Your plan has room for {limit} MB of files, and {used} MB are taken already."),
}
"""Each limit's message; nothing that exists is ever taken away, so what is used may be more than the limit."""


class WorkspaceReadonly(PaymentRequired):
    """The workspace is not paid for: everything can be read and exported, nothing written."""

    code = "workspace.readonly"
    title = N_("This workspace can only be read at the moment")

    def __init__(self) -> None:
        super().__init__(
            detail=N_("A payment is overdue. An administrator can settle it under Settings, Plan and usage.")
        )


def exceeded(name: str, *, used: int, limit: int) -> PaymentRequired:
    """The answer to one more of a thing than the plan has room for."""
    error = PaymentRequired(detail=MESSAGES[name], params={"limit": limit, "used": used})
    error.members = {"limit": {"name": name, "limit": limit, "used": used}}
    return error
