"""The mails about the end of a workspace."""

from __future__ import annotations

from datetime import datetime

from core.kernel import i18n
from core.kernel.i18n import N_
from core.runtime import Runtime
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.workspace.service import TellParams


async def tell(runtime: Runtime, params: TellParams) -> None:
    """Tell one person that a workspace was closed, or is open again; sent again it is the same mail."""
    values = {"workspace": params.workspace, "by": params.by}
    if params.remove_at:
        at = datetime.fromisoformat(params.remove_at)
        values["day"] = i18n.format_date(at.date(), params.locale)
        letter = Letter(
            subject=N_("{workspace} was closed"),
            lines=[
                N_("{by} closed the workspace {workspace}. Nobody can work in it any more."),
                N_("On {day} it is removed for good. Until then its owners can open it again."),
            ],
            button=N_("To the workspace"),
            path=f"/closed/{params.tenant_id}",
            values=values,
        )
    else:
        letter = Letter(
            subject=N_("{workspace} is open again"),
            lines=[N_("{by} opened the workspace {workspace} again. Everything is as it was.")],
            button=N_("To the workspace"),
            path="/",
            values=values,
        )
    key = f"workspace {params.tenant_id} {params.remove_at} {params.to}"
    tenant = await runtime.directory.by_id(params.tenant_id)
    await letters.send(runtime, params.to, letter, workspace=tenant, locale=params.locale, key=key)
