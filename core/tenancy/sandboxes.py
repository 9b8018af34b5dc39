"""What is different in a sandbox: where it stands, what cannot be done there, and that it calls nobody.

Owns the address of a sandbox and the answers that only it gives. Emits nothing. Never makes or removes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from core.kernel.errors import AppError, Forbidden, NotFound
from core.kernel.http import OutboundRefused
from core.kernel.i18n import N_

if TYPE_CHECKING:
    from core.kernel.http import Outbound
    from core.tenancy.ctx import Machinery
    from core.tenancy.directory import Tenant

SUFFIX: Final = ".sandbox"
"""No workspace's own address has a dot, so that of a sandbox is never taken."""


def slug_of(live: str) -> str:
    """The address of the sandbox of the workspace at an address."""
    return live + SUFFIX


def live_slug(slug: str) -> str:
    """The address of the workspace whose sandbox is at an address; "" where no sandbox could be."""
    return slug.removesuffix(SUFFIX) if slug.endswith(SUFFIX) else ""


class OfSandbox(AppError):
    """An answer that leads to the workspace itself: ``way`` is an address there, and what the workspace is called."""

    way: tuple[str, str]

    def __init__(self, workspace: str, url: str, detail: str) -> None:
        super().__init__(detail=detail)
        self.way = (url, workspace)


class NotInSandbox(OfSandbox, Forbidden):
    """What concerns the workspace itself: its bill, its people's logins, its keys, its end."""

    code = "sandbox.refused"
    title = N_("In the sandbox this cannot be done")

    def __init__(self, tenant: Tenant, path: str = "/settings") -> None:
        url = f"/w/{live_slug(tenant.slug)}{path}"
        super().__init__(tenant.name, url, N_("It concerns the workspace itself, and is done there."))


class NoSandbox(OfSandbox, NotFound):
    """There is none, or none any more; only who may make one is told."""

    code = "sandbox.missing"
    title = N_("There is no sandbox")

    def __init__(self, live: Tenant) -> None:
        detail = N_("Nobody made one yet, or it was removed. The workspace itself is as it was.")
        super().__init__(live.name, f"/w/{live.slug}/settings/data", detail)


class NotInCopy(NoSandbox):
    """The sandbox does not know who asks."""

    code = "sandbox.stranger"
    title = N_("You are nobody in this sandbox")

    def __init__(self, live: Tenant) -> None:
        super().__init__(live)
        self.detail = N_("It was copied before you came, or you were deactivated in it. Copy it anew.")


class Silent:
    """The client of a sandbox: it checks an address as ever, and calls nobody."""

    def __init__(self, http: Outbound) -> None:
        self.permit = http.permit

    async def request(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse the call."""
        raise OutboundRefused("a sandbox calls nobody")

    async def check(self, url: str) -> NoReturn:
        """Refuse to ask for the name."""
        raise OutboundRefused("a sandbox calls nobody")


class _Quiet:
    """The process as contexts of a sandbox see it."""

    def __init__(self, machinery: Machinery) -> None:
        self._machinery = machinery
        self.http = Silent(machinery.http)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machinery, name)


def lent(machinery: Machinery, tenant: Tenant) -> Machinery:
    """What a context of a tenant gets of the process: in a sandbox all of it but the way out."""
    return machinery if tenant.sandbox_of is None else cast("Machinery", _Quiet(machinery))
