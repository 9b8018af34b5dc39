"""Jobs of invitations: send the mail, complete what was accepted."""

from __future__ import annotations

import structlog

from core.ext.specs import JobSpec
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.runtime import Runtime
from tenants.accounts import letters
from tenants.accounts.letters import Letter
from tenants.invitations.models import Invitation
from tenants.invitations.schema import FINISH, SEND, FinishParams, SendParams
from tenants.invitations.service import token_of
from tenants.invitations.service_accepting import finish

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
    path = f"/join/{token_of(runtime.cipher(tenant), found)}"
    values = {"workspace": tenant.name, "person": who}
    await letters.send(
        runtime,
        email,
        _proof(path, values) if is_proof else _invitation(path, values),
        locale=locale,
        key=key,
    )


async def complete(runtime: Runtime, params: FinishParams) -> None:
    """Complete an acceptance whose process died; what the workspace refuses is not tried again."""
    try:
        await finish(runtime, params.use_id)
    except AppError as error:
        log.info("invitation.refused", use=str(params.use_id), code=error.code)


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
    JobSpec(name=FINISH, handler=complete, params=FinishParams, title=N_("Let somebody in"), kind="control"),
]
