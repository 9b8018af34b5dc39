"""The mails about 发票: to the operator that one is asked for, to the customer that it is issued."""

from __future__ import annotations

import mimetypes
from typing import Final

from sqlalchemy.orm import undefer

from core.ext.specs import JobSpec
from core.kernel import money
from core.kernel.i18n import N_
from core.kernel.mail import Attachment
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.billing.models import FapiaoRequest
from tenants.billing.schema import FapiaoRef
from tenants.billing.service_offline import ASKED, ISSUED

LOCALE: Final = "zh_CN"
"""Of whoever gets a 发票 whose workspace is gone."""


async def asked(runtime: Runtime, params: FapiaoRef) -> None:
    """Write to the operator, who may have left no address."""
    request, tenant = await _read(runtime, params)
    to = runtime.settings.operator_email
    if to is None or request is None or request.number is not None:
        return
    locale = tenant.locale if tenant else LOCALE
    letter = Letter(
        subject=N_("Fapiao asked for: {title}"),
        lines=[
            N_("Workspace: {workspace}"),
            N_("Company name: {title}"),
            N_("Unified social credit code: {tax_number}"),
            N_("Amount: {amount}"),
            N_("Send it to: {email}"),
        ],
        after=[N_("Once it is issued: guanxi billing fapiao --issue {id} --number NUMBER --file FILE")],
        values={**_values(request, tenant, locale), "email": request.email, "id": str(request.id)},
    )
    await letters.send(runtime, to, letter, workspace=tenant, locale=locale, key=f"fapiao asked {request.id}")


async def issued(runtime: Runtime, params: FapiaoRef) -> None:
    """Write to the customer, with the file where the operator gave one."""
    request, tenant = await _read(runtime, params)
    if request is None or request.number is None:
        return
    locale = tenant.locale if tenant else LOCALE
    lines = [
        N_("The fapiao for {title} over {amount} is issued. Its number is {number}."),
        N_("Unified social credit code: {tax_number}"),
    ]
    files: tuple[Attachment, ...] = ()
    if request.file is not None and request.file_name:
        lines.append(N_("It is attached to this mail."))
        kind = mimetypes.guess_type(request.file_name)[0] or "application/octet-stream"
        files = (Attachment(request.file_name, request.file, kind),)
    letter = Letter(
        subject=N_("Your fapiao {number}"),
        lines=lines,
        values={**_values(request, tenant, locale), "number": request.number},
        attachments=files,
    )
    await letters.send(
        runtime, request.email, letter, workspace=tenant, locale=locale, key=f"fapiao issued {request.id}"
    )


async def _read(runtime: Runtime, params: FapiaoRef) -> tuple[FapiaoRequest | None, Tenant | None]:
    async with runtime.control() as control:
        whole = [undefer(FapiaoRequest.file)]
        request = await control.session.get(FapiaoRequest, params.request_id, options=whole)
        if request is None:
            return None, None
        control.session.expunge(request)
    return request, await runtime.directory.by_id(request.tenant_id)


def _values(request: FapiaoRequest, tenant: Tenant | None, locale: str) -> dict[str, str]:
    return {
        "workspace": f"{tenant.name} ({tenant.slug})" if tenant else str(request.tenant_id),
        "title": request.title,
        "tax_number": request.tax_number,
        "amount": money.format(request.amount_minor, "CNY", locale),
    }


JOBS: Final = [
    JobSpec(name=ASKED, handler=asked, params=FapiaoRef, kind="control", retries=12),
    JobSpec(name=ISSUED, handler=issued, params=FapiaoRef, kind="control", retries=12),
]
