"""Webhooks that belong to something else, which says what they are to be: made, changed and removed to that end."""

from __future__ import annotations

from uuid import UUID

import msgspec

from core.kernel.secrets import SealBrokenError
from core.tenancy.ctx import Ctx
from core.webhooks import rights, service, signing
from core.webhooks.models import Endpoint
from core.webhooks.schema import EndpointIn, EndpointPatch, ResumeIn


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is to be besides its address and events."""

    id: UUID
    secret: str
    who: service.Answering
    is_paused: bool = False


async def keep(ctx: Ctx, data: EndpointIn, lent: Lent) -> None:
    """Have the webhook as it is to be, made where there is none; harmless to repeat."""
    endpoint = await find(ctx, lent.id)
    if endpoint is None:
        endpoint = await service.add(ctx, data, id_=lent.id, secret=lent.secret, who=lent.who)
    else:
        patch = EndpointPatch(url=data.url, description=data.description, events=data.events)
        await service.change(ctx, endpoint, patch, lent.who)
        if _secret(ctx, endpoint) != lent.secret:
            endpoint.secret = signing.seal(ctx, endpoint.id, lent.secret)
            endpoint.old_secret = endpoint.old_secret_until = None
    await ctx.session.flush()
    if lent.is_paused:
        await service.pause(ctx, endpoint)
    elif await rights.reader(ctx, endpoint) is None:
        await service.pause(ctx, endpoint, "rights")
    elif endpoint.paused_reason in ("manual", "rights"):
        await service.resume(ctx, endpoint, ResumeIn())


async def remove(ctx: Ctx, endpoint_id: UUID) -> None:
    """Have no such webhook any more; harmless to repeat."""
    endpoint = await find(ctx, endpoint_id)
    if endpoint is not None:
        await service.remove(ctx, endpoint)


async def find(ctx: Ctx, endpoint_id: UUID) -> Endpoint | None:
    """The webhook, locked, where there is one."""
    return await ctx.session.get(Endpoint, endpoint_id, with_for_update=True)


def _secret(ctx: Ctx, endpoint: Endpoint) -> str:
    try:
        return signing.unseal(ctx, endpoint.id, endpoint.secret)
    except SealBrokenError:
        return ""
