"""The way into a sandbox: through the workspace itself, for who may make one there.

Owns the rule. Emits nothing. Never says whether there is a sandbox to anybody but those.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.access.grants import reach_of
from core.kernel.errors import NotFound
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.directory import Tenant
from core.tenancy.sandboxes import NoSandbox, NotInCopy, slug_of
from core.web.admission import Elsewhere

PERMISSION: Final = "workspace.sandbox"


async def copy_of(runtime: Runtime, live: Tenant, who: Principal) -> Tenant | None:
    """The sandbox of a workspace, for a member who may make one there now; None for all others.

    Raises :class:`NoSandbox` where there is none, or none that knows the member; leads to where a closed workspace can
    be opened again.
    """
    if live.state == "deleting":
        raise Elsewhere(f"/closed/{live.id}")
    try:
        rights = (await runtime.actor(replace(who, tenant=live))).grants
    except NotFound:
        return None
    if reach_of(rights, PERMISSION) == "none":
        return None
    copy = await runtime.directory.by_slug(slug_of(live.slug))
    if copy is None or copy.sandbox_of != live.id or copy.state == "deleting":
        raise NoSandbox(live)
    try:
        await runtime.actor(replace(who, tenant=copy))
    except NotFound:
        raise NotInCopy(live) from None
    return copy
