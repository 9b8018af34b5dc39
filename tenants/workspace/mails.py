"""The mails about the end of a workspace, and about one that was made of an archive."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from core.kernel import i18n
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.directory import TenantRow
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.accounts.models import Account
from tenants.workspace.models import Import
from tenants.workspace.service import TellParams

BROUGHT_BACK = "workspace.import_told"


class BroughtParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which import has ended."""

    import_id: UUID


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


async def tell_brought(runtime: Runtime, params: BroughtParams) -> None:
    """Tell whoever brought an archive that the workspace is there, or why it is not; sent again it is the same mail."""
    async with runtime.control() as control:
        row = await control.session.get(Import, params.import_id)
        account = await control.session.get(Account, row.account_id) if row else None
        made = await control.session.get(TenantRow, row.made_id) if row and row.made_id else None
        if row is None or account is None or (row.failed_at is None and made is None):
            return
        asked_in = await control.session.get_one(TenantRow, row.tenant_id)
    if made is not None:
        letter = Letter(
            subject=N_("{workspace} is back"),
            lines=[
                N_("The workspace {workspace} was made from your archive {file}, and is yours."),
                N_("Its members are there without a login: invite those who shall come in again."),
            ],
            button=N_("To the workspace"),
            path=f"/w/{made.slug}/",
            values={"workspace": row.name, "file": row.file_name},
        )
    else:
        why = i18n.translator(account.locale).gettext(row.problem, **row.params)
        letter = Letter(
            subject=N_("{file} could not be read in"),
            lines=[N_("No workspace was made from your archive {file}. {why}")],
            button=N_("To the archives"),
            path=f"/w/{asked_in.slug}/settings/data",
            values={"file": row.file_name, "why": why},
        )
    tenant = await runtime.directory.by_id(made.id if made else row.tenant_id)
    key = f"import {row.id}"
    await letters.send(runtime, account.email, letter, workspace=tenant, locale=account.locale, key=key)
