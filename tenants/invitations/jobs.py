"""Jobs of invitations: send the mail, complete what was accepted."""

from __future__ import annotations

import structlog

from core.ext.specs import JobSpec
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.runtime import Runtime
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.invitations.lookups import Unanswered, txt_records
from tenants.invitations.models import Invitation
from tenants.invitations.schema import (
    CHECK,
    FINISH,
    SEND,
    CheckParams,
    FinishParams,
    Nothing,
    SendParams,
)
from tenants.invitations.service import token_of
from tenants.invitations.service_accepting import finish
from tenants.invitations.service_domains import ask_again, note, record_of

log = structlog.get_logger(__name__)


async def send(runtime: Runtime, params: SendParams) -> None:
    """Send an invitation; one that was revoked or got another link since is not sent."""
    async with runtime.control() as control:
        found = await control.session.get(Invitation, params.invitation_id)
        if (
            found is None
            or found.email is None
            or found.revoked_at
            or found.uses
            or found.version != params.version
        ):
            return
        email, locale, is_proof, who = (
            found.email,
            found.locale,
            found.parent_id is not None,
            found.invited_by,
        )
        tenant_id, key = found.tenant_id, f"invitation {found.id} {found.version}"
    tenant = await runtime.tenant(tenant_id)
    # Nobody joins it, and a sandbox that is being removed no longer says that it is one.
    if tenant.state == "deleting":
        return
    path = f"/join/{token_of(runtime.cipher(tenant), found)}"
    values = {"workspace": tenant.name, "person": who}
    await letters.send(
        runtime,
        email,
        _proof(path, values) if is_proof else _invitation(path, values),
        workspace=tenant,
        locale=locale,
        key=key,
    )


async def complete(runtime: Runtime, params: FinishParams) -> None:
    """Complete an acceptance whose process died; what the workspace refuses is not tried again."""
    try:
        await finish(runtime, params.use_id)
    except AppError as error:
        log.info("invitation.refused", use=str(params.use_id), code=error.code)


async def check_domain(runtime: Runtime, params: CheckParams) -> None:
    """Look for a domain's TXT record, and note whether it is there; one that is not is not tried again.

    Where nobody answers, what the calendar asked waits for the calendar.
    """
    async with runtime.control() as control:
        found = await control.session.get(Invitation, params.invitation_id)
        if found is None or found.domain is None or found.revoked_at is not None:
            return
        domain, tenant_id = found.domain, found.tenant_id
    tenant = await runtime.tenant(tenant_id)
    # Nobody joins a sandbox, and it asks nobody outside.
    if tenant.sandbox_of is not None or tenant.state == "deleting":
        return
    wanted = record_of(tenant, found)
    try:
        said = await txt_records(domain)
    except Unanswered as error:
        if not params.again:
            raise
        log.info("domain.unanswered", domain=domain, error=repr(error))
        return
    async with runtime.control() as control:
        await note(control, params.invitation_id, is_proved=wanted in said, again=params.again)


async def watch_domains(runtime: Runtime, _params: Nothing) -> None:
    """Have domains that were proved looked up again: records go, and domains change hands."""
    async with runtime.control() as control:
        await ask_again(control)


def _invitation(path: str, values: dict[str, str]) -> Letter:
    return Letter(
        subject=N_("{person} invites you to {workspace}"),
        lines=[
            N_("{person} would like to work with you in {workspace}, on customers, deals and follow-ups.")
        ],
        button=N_("Accept the invitation"),
        path=path,
        after=[
            N_("The link works once and for seven days."),
            N_("If you do not know what this is about, you need not do anything."),
        ],
        values=values,
    )


def _proof(path: str, values: dict[str, str]) -> Letter:
    return Letter(
        subject=N_("Go on to {workspace}"),
        lines=[
            N_("You asked to join {workspace}. This link shows that the address is yours, and lets you in.")
        ],
        button=N_("Join {workspace}"),
        path=path,
        after=[
            N_("The link works once and for two days."),
            N_("If it was not you who asked, you need not do anything."),
        ],
        values=values,
    )


JOBS = [
    JobSpec(name=SEND, handler=send, params=SendParams, title=N_("Send an invitation"), kind="control"),
    JobSpec(name=CHECK, handler=check_domain, params=CheckParams, title=N_("Check a domain"), kind="control"),
    JobSpec(name=FINISH, handler=complete, params=FinishParams, title=N_("Let somebody in"), kind="control"),
    JobSpec(
        name="invitation.domains",
        handler=watch_domains,
        params=Nothing,
        title=N_("Look whether domains are still proved"),
        kind="control",
        every_s=6 * 3_600,
    ),
]
