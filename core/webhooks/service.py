"""The verbs of webhooks: make, change, delete, replace the secret, pause and resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import func, select, update

from core.access import queries as people
from core.activities.notifications.service import notify
from core.kernel import events as feed
from core.kernel.errors import Conflict, FieldError, Invalid
from core.kernel.http import OutboundRefused
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.ctx import Ctx
from core.webhooks import choosing, conditions, events, rights, signing
from core.webhooks.conditions import Condition
from core.webhooks.models import Delivery, Endpoint
from core.webhooks.schema import EndpointIn, EndpointPatch, ResumeIn, RotateIn

MOST: Final = 20
SUBSCRIBER: Final = "webhooks:fan_out"
DELIVER: Final = "webhooks.deliver"
NOTICE: Final = "webhooks.notice"
QUIET: Final = frozenset({"manual", "copied"})
"""Whoever paused it knows; and a copy of a workspace writes to nobody."""


class DeliverParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which endpoint, and whether the job was left to come back for what was not due yet."""

    endpoint_id: UUID
    is_wake: bool = False


class NoticeParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which endpoint was paused, and why."""

    endpoint_id: UUID
    reason: str


class Answering(msgspec.Struct, frozen=True):
    """Whose eyes a webhook looks through, what they see at most, and the page where that is said, '' for its own."""

    member_id: UUID
    bounds: Mapping[str, str] | None
    kept_at: str = ""


async def create(ctx: Ctx, data: EndpointIn) -> tuple[str, Endpoint]:
    """Make a webhook; its secret is returned once. It tells of what happens from now on."""
    secret = signing.new_secret()
    return secret, await add(ctx, data, id_=uuid7(), secret=secret, who=_actor(ctx))


async def add(ctx: Ctx, data: EndpointIn, *, id_: UUID, secret: str, who: Answering) -> Endpoint:
    """Make a webhook whose id, secret and who answers for it are given."""
    _check(ctx, data.url, data.events, data.conditions)
    await feed.listen(ctx.session, SUBSCRIBER)
    if (await ctx.session.scalar(select(func.count()).select_from(Endpoint)) or 0) >= MOST:
        raise Conflict(
            detail=N_("There are {count} webhooks already. Delete one first."), params={"count": MOST}
        )
    endpoint = Endpoint(
        id=id_,
        url=data.url,
        description=data.description,
        events=list(dict.fromkeys(data.events)),
        conditions=msgspec.to_builtins(data.conditions),
        secret=signing.seal(ctx, id_, secret),
    )
    _answered(endpoint, who)
    ctx.session.add(endpoint)
    await ctx.session.flush()
    ctx.emit(events.WebhookCreated(subject_id=id_, label=endpoint.url))
    return endpoint


async def change(ctx: Ctx, endpoint: Endpoint, patch: EndpointPatch, who: Answering | None = None) -> None:
    """Change where to, what or when; whoever does so answers for it, with his rights, from now on.

    Where nobody does any more, saving it as it is suffices. ``who`` is given where something else decides about it;
    without, one that belongs to something else raises Conflict.
    """
    if who is None:
        require_own(ctx, endpoint)
    wanted = {
        name: getattr(patch, name) for name in patch.__struct_fields__ if getattr(patch, name) is not UNSET
    }
    before = {name: getattr(endpoint, name) for name in wanted}
    after = {
        **wanted,
        **({"conditions": msgspec.to_builtins(wanted["conditions"])} if "conditions" in wanted else {}),
    }
    changed = {name: (before[name], value) for name, value in after.items() if before[name] != value}
    has_reader = await rights.reader(ctx, endpoint) is not None
    if not changed and (_is_answered(endpoint, who) if who else has_reader):
        return
    _check(
        ctx,
        wanted.get("url", endpoint.url),
        wanted.get("events", endpoint.events),
        wanted.get("conditions", ()),
    )
    for name, (_, value) in changed.items():
        setattr(endpoint, name, value)
    _answered(endpoint, who or _actor(ctx))
    await ctx.session.flush()
    ctx.emit(events.WebhookUpdated(subject_id=endpoint.id, label=endpoint.url, changes=changed))


async def delete(ctx: Ctx, endpoint: Endpoint) -> None:
    """Remove a webhook with its log; raises Conflict for one that belongs to something else."""
    require_own(ctx, endpoint)
    await remove(ctx, endpoint)


async def remove(ctx: Ctx, endpoint: Endpoint) -> None:
    """Remove a webhook, whatever it belongs to; with the last one the workspace stops listening."""
    await feed.hold(ctx.session, SUBSCRIBER)
    await ctx.session.delete(endpoint)
    await ctx.session.flush()
    if not await ctx.session.scalar(select(func.count()).select_from(Endpoint)):
        await feed.unlisten(ctx.session, SUBSCRIBER)
    ctx.emit(events.WebhookDeleted(subject_id=endpoint.id, label=endpoint.url))


async def rotate(ctx: Ctx, endpoint: Endpoint, data: RotateIn) -> str:
    """Replace the secret; the old one signs as well until the overlap is over. The new one is returned once."""
    require_own(ctx, endpoint)
    endpoint.kept_at = ""
    secret, now = signing.new_secret(), ctx.now()
    old = signing.unseal(ctx, endpoint.id, endpoint.secret) if signing.opens(ctx, endpoint) else None
    endpoint.old_secret = endpoint.old_secret_until = None
    if old is not None and data.overlap_hours:
        endpoint.old_secret = signing.seal(ctx, endpoint.id, old, "old_secret")
        endpoint.old_secret_until = now + timedelta(hours=data.overlap_hours)
    endpoint.secret = signing.seal(ctx, endpoint.id, secret)
    await ctx.session.flush()
    ctx.emit(events.WebhookSecretRotated(subject_id=endpoint.id, label=endpoint.url))
    return secret


async def pause(ctx: Ctx, endpoint: Endpoint, reason: str = "manual") -> None:
    """Hold everything back from now on; where nobody asked for it, tell those who look after webhooks."""
    if endpoint.state == "paused":
        return
    endpoint.state, endpoint.paused_reason, endpoint.paused_at = "paused", reason, ctx.now()
    await ctx.session.flush()
    await ctx.session.execute(
        update(Delivery)
        .where(Delivery.endpoint_id == endpoint.id, Delivery.state == "pending", Delivery.is_test.is_(False))
        .values(state="held")
        .execution_options(synchronize_session=False)
    )
    ctx.emit(events.WebhookPaused(subject_id=endpoint.id, label=endpoint.url, reason=reason))
    if reason in QUIET:
        return
    who = [member.id for member in await people.holders(ctx, rights.MANAGE)]
    path = f"/settings/webhooks/{endpoint.id}"
    await notify(
        ctx, who, "webhook_paused", path=path, params={"title": endpoint.description or endpoint.url}
    )
    ctx.enqueue(NOTICE, NoticeParams(endpoint_id=endpoint.id, reason=reason))


async def resume(ctx: Ctx, endpoint: Endpoint, data: ResumeIn) -> None:
    """Go on: with what happened meanwhile, or from now on. Raises Conflict where nobody answers for it."""
    if endpoint.state == "active":
        return
    if await rights.reader(ctx, endpoint) is None:
        raise Conflict(
            code="webhook.nobody",
            detail=N_(
                "The member who answers for it has left. Save it anew first, to answer for it yourself."
            ),
        )
    endpoint.state, endpoint.paused_reason, endpoint.paused_at = "active", "", None
    endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
    await ctx.session.flush()
    values = (
        {"state": "pending", "tries": 0, "next_at": ctx.now()}
        if data.backlog == "send"
        else {"state": "skipped"}
    )
    await ctx.session.execute(
        update(Delivery)
        .where(Delivery.endpoint_id == endpoint.id, Delivery.state == "held")
        .values(values)
        .execution_options(synchronize_session=False)
    )
    ctx.emit(events.WebhookResumed(subject_id=endpoint.id, label=endpoint.url, backlog=data.backlog))
    send(ctx, endpoint.id)


def send(ctx: Ctx, endpoint_id: UUID) -> None:
    """Have what is due sent now; the endpoint must be locked, or a job that waits already might look too early."""
    ctx.enqueue(DELIVER, DeliverParams(endpoint_id=endpoint_id), key=str(endpoint_id))


def is_kept(ctx: Ctx, endpoint: Endpoint) -> bool:
    """Whether a webhook belongs to something else; in a copy of the workspace, what it belonged to is not there."""
    return bool(endpoint.kept_at) and signing.opens(ctx, endpoint)


def require_own(ctx: Ctx, endpoint: Endpoint) -> None:
    """Raise Conflict for a webhook that belongs to something else."""
    if is_kept(ctx, endpoint):
        raise Conflict(
            code="webhook.kept",
            detail=N_("This webhook belongs to {name} and is changed only there: {place}"),
            params={"name": endpoint.description, "place": ctx.w(endpoint.kept_at)},
        )


def _actor(ctx: Ctx) -> Answering:
    actor = ctx.actor
    if actor.member_id is None:
        raise Conflict(detail=N_("A webhook needs a member who answers for it."))
    return Answering(actor.member_id, dict(actor.grants) if actor.kind == "key" else None)


def _is_answered(endpoint: Endpoint, who: Answering) -> bool:
    return (endpoint.member_id, endpoint.bounds, endpoint.kept_at) == (who.member_id, who.bounds, who.kept_at)


def _answered(endpoint: Endpoint, who: Answering) -> None:
    endpoint.member_id, endpoint.kept_at = who.member_id, who.kept_at
    endpoint.bounds = dict(who.bounds) if who.bounds is not None else None


def _check(ctx: Ctx, url: str, names: Sequence[str], wanted: Sequence[Condition]) -> None:
    """Raise Invalid with everything that is wrong."""
    wrong = [*choosing.check(ctx, names), *conditions.check(wanted)]
    try:
        ctx.machinery.http.permit(url)
    except OutboundRefused:
        message = N_(
            "This address cannot be called: it must be public, reached by HTTPS and at a usual port."
        )
        wrong.append(FieldError("url", "outbound", message))
    if wrong:
        raise Invalid(errors=wrong)
