"""The whole plugin: the few lines that it does, and what it declares."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from core import sdk
from core.sdk import N_, Ctx, hookimpl
from guanxi_winbell.models import Ring


class WinbellSettings(msgspec.Struct, kw_only=True):
    """Where the bell rings; the token is kept encrypted and never shown again."""

    room_url: Annotated[sdk.Url | None, msgspec.Meta(title=N_("Address of the chat room"))] = None
    token: Annotated[sdk.Secret, msgspec.Meta(title=N_("Token"))] = ""


class Tell(msgspec.Struct):
    """Which ring to tell the chat room of."""

    ring_id: UUID


async def rings(ctx: Ctx) -> list[Ring]:
    """The latest rings whose deals the reader may see."""
    seen = sdk.select(sdk.Deal.id).where(ctx.visible(sdk.Deal, "deals.view"))
    found = sdk.select(Ring).where(Ring.deal_id.in_(seen)).order_by(Ring.created_at.desc(), Ring.id)
    return list(await ctx.session.scalars(found.limit(50)))


async def ring(ctx: Ctx, won: Any) -> None:
    """Remember a deal that was won, and have the chat room told."""
    row = Ring(deal_id=won.subject_id, deal=won.label)
    ctx.session.add(row)
    await ctx.session.flush()
    ctx.enqueue("winbell.tell", Tell(ring_id=row.id))


async def tell(run: sdk.JobRun) -> None:
    """Tell the chat room, outside of any transaction; it may drop a key that it has seen before."""
    async with run.open() as ctx:
        settings, http = ctx.settings("winbell"), ctx.machinery.http
        text = f"🔔 {(await ctx.session.get_one(Ring, run.params.ring_id)).deal}"
    if settings.room_url:
        headers = {"authorization": f"Bearer {settings.token}", "idempotency-key": str(run.id)}
        answer = await http.request("POST", settings.room_url, headers=headers, content=text.encode())
        if not answer.is_success:
            raise RuntimeError(f"the chat room answered {answer.status}")


async def card(ctx: Ctx, deal: Any) -> tuple[str, dict[str, Any]]:
    """The card beside a deal: when its bell rang."""
    return "winbell/card.html", {"rings": [row for row in await rings(ctx) if row.deal_id == deal.id]}


class RingApi(sdk.Controller):
    """The rings, for programs."""

    path = "/rings"

    @sdk.get("/", permission="deals.view")
    async def listed(self, ctx: Ctx) -> dict[str, list[dict[str, str]]]:
        """List the latest rings."""
        return {"data": [{"deal_id": str(row.deal_id), "deal": row.deal} for row in await rings(ctx)]}


class RingPages(sdk.Controller):
    """The rings, for people."""

    path = "/"
    include_in_schema = False

    @sdk.get("/", permission="deals.view")
    async def page(self, ctx: Ctx, request: sdk.Request[Any, Any, Any]) -> sdk.Response[Any]:
        """Show the latest rings."""
        return sdk.render(ctx, request, "winbell/page.html", rings=await rings(ctx))


@hookimpl
def crm_manifest() -> sdk.Manifest:
    """What the marketplace shows."""
    return sdk.Manifest(
        key="winbell",
        title=N_("Win bell"),
        summary=N_("Rings a bell in the chat room when a deal is won."),
        category="sales",
        icon="bell",
        docs="winbell.md",
        price=sdk.Price(amount_minor=500),
        trial_days=14,
    )


@hookimpl
def crm_settings() -> type[WinbellSettings]:
    """The settings form follows from the struct."""
    return WinbellSettings


@hookimpl
def crm_api() -> list[type[sdk.Controller]]:
    """Below /api/v1/winbell."""
    return [RingApi]


@hookimpl
def crm_pages() -> list[type[sdk.Controller]]:
    """Below /w/{workspace}/winbell."""
    return [RingPages]


@hookimpl
def crm_nav() -> list[sdk.Nav]:
    """An entry among the apps."""
    return [sdk.Nav(key="winbell", title=N_("Win bell"), icon="bell", url="/winbell", group="apps")]


@hookimpl
def crm_panels() -> list[sdk.Panel]:
    """A card beside every deal."""
    return [sdk.Panel(slot="deal.side", key="winbell", title=N_("Win bell"), render=card)]


@hookimpl
def crm_jobs() -> list[sdk.JobSpec]:
    """What runs in the background."""
    return [sdk.JobSpec(name="winbell.tell", handler=tell, params=Tell)]


@hookimpl
def crm_subscriptions() -> list[sdk.Subscription]:
    """After the commit that won a deal."""
    return [sdk.Subscription(event="deal.won", name="ring", handler=ring)]
