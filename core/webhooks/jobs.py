"""The jobs of webhooks: send, send many again, tell that one was paused, forget what is old."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from core.access import queries as people
from core.ext.specs import JobSpec
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.kernel.jobs import GiveUp
from core.kernel.mail import Message
from core.tenancy.ctx import Ctx
from core.webhooks import queries, rights
from core.webhooks import service as webhooks
from core.webhooks import service_deliveries as deliveries
from core.webhooks.sending import TURN_S, deliver
from core.webhooks.shown import REASONS

EXPIRE: Final = "webhooks.expire"
SUBJECT: Final = N_("Webhook paused: {place}")
TEXT: Final = N_(
    "{reason}\n\nNothing that happens meanwhile is lost for {days} days: when you resume the webhook, you decide "
    "whether it is sent.\n\n{link}\n"
)


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def resend(run: Any) -> None:
    """Page by page, so that a killed job goes on where it stood."""
    while not run.state.get("is_over"):
        run.progress(done=run.state.get("done", 0))
        try:
            await run.step(
                f"after-{run.state.get('after', '')}", deliveries.resend_page, run.params, run.state
            )
        except NotFound as error:
            raise GiveUp("the webhook was deleted") from error


async def expire(run: Any) -> None:
    """A few thousand in a transaction."""
    number, done = 0, [1]

    async def forget(ctx: Ctx) -> None:
        done[0] = await deliveries.expire(ctx)

    while done[0]:
        done[0] = 0
        await run.step(f"forget-{number}", forget)
        number += 1


async def notice(run: Any) -> None:
    """Write to everybody who looks after webhooks, each once."""
    async with run.open() as ctx:
        try:
            endpoint = await queries.endpoint(ctx, run.params.endpoint_id)
        except NotFound:
            return
        mails = [
            _mail(ctx, endpoint, member, run)
            for member in await people.holders(ctx, rights.MANAGE)
            if member.account_id
        ]
        mailer = ctx.machinery.mailer
    for member_id, mail in mails:
        if run.state.get(str(member_id)):
            continue
        await mailer.send(mail)
        run.state[str(member_id)] = True
        await run.step(f"sent-{member_id}", _noted)


def _mail(ctx: Ctx, endpoint: Any, member: Any, run: Any) -> tuple[Any, Message]:
    t = ctx.machinery.translator(member.locale or ctx.tenant.locale).gettext
    link = f"{ctx.machinery.settings.public_url}{ctx.w(f'/settings/webhooks/{endpoint.id}')}"
    place = endpoint.description or endpoint.url
    text = t(
        TEXT, reason=t(REASONS[run.params.reason]), days=ctx.machinery.settings.webhook_log_days, link=link
    )
    mail = Message(
        to=(member.email,),
        workspace=ctx.tenant,
        subject=t(SUBJECT, place=place),
        text=f"{place}\n\n{text}",
        key=f"{run.id}-{member.id}",
    )
    return member.id, mail


async def _noted(_ctx: Ctx) -> None:
    """Do nothing: the step is there to remember who was written to."""


JOBS: Final = [
    JobSpec(
        name=webhooks.DELIVER,
        handler=deliver,
        params=webhooks.DeliverParams,
        title=N_("Send to a webhook"),
        kind="call",
        retries=20,
        timeout_s=TURN_S * 4,
    ),
    JobSpec(
        name=deliveries.RESEND,
        handler=resend,
        params=deliveries.ResendParams,
        title=N_("Send deliveries again"),
        kind="bulk",
        page="/settings/webhooks/{endpoint_id}",
    ),
    JobSpec(
        name=webhooks.NOTICE,
        handler=notice,
        params=webhooks.NoticeParams,
        title=N_("Tell that a webhook was paused"),
        kind="mail",
    ),
    JobSpec(
        name=EXPIRE,
        handler=expire,
        params=Nothing,
        title=N_("Forget old deliveries"),
        kind="scheduled",
        every_s=86_400,
    ),
]
