"""The pages of API keys: list, new, one with what it was used for, rotate, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from sqlalchemy import select

from core.access.models import Member
from core.kernel.errors import AppError, Forbidden, Invalid, PaymentRequired
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.api_keys import queries, scopes, service
from tenants.api_keys.models import ApiKey
from tenants.api_keys.schema import DAYS, OVERLAPS, KeyForm, RotateForm

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "api_keys.view", "api_keys.manage"
FORM, SHOWN, PAGE = "api_keys/new.html", "api_keys/shown.html", 50
SCOPE = "scope."


class KeyPages(Controller):
    """The keys of the workspace."""

    path = "/settings/keys"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=VIEW)
    async def keys(self, ctx: Ctx, control: Control, request: Any_, ended: bool = False) -> Response[Any]:
        """List the keys."""
        found = await queries.keys(control, ctx.tenant.id, ended=ended)
        return render(
            ctx,
            request,
            "api_keys/index.html",
            keys=found,
            people=await _people(ctx, found),
            states={key.id: state_of(key, ctx.now()) for key in found},
            ended=ended,
        )

    @get("/new", permission=MANAGE)
    async def new_key(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show the form of a new key."""
        values = {"mode": "live", "days": "365"}
        return render(ctx, request, FORM, values=values, errors=(), **await _form(ctx, control))

    @post("/new", permission=MANAGE, opt={"secret": True})
    async def create_key(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Make a key with one's own rights at most; its text is shown this once."""
        sent = await form_values(request)
        try:
            text, key = await service.issue(control, await _wanted(ctx, control, sent))
        except AppError as error:
            control.roll_back()
            return form_again(ctx, request, FORM, error, values=sent, **await _form(ctx, control))
        return _shown(ctx, request, text, key)

    @get("/{key_id:uuid}", permission=VIEW)
    async def key(
        self, ctx: Ctx, control: Control, request: Any_, key_id: UUID, before: UUID | None = None
    ) -> Response[Any]:
        """Show a key and what it was used for."""
        return render(
            ctx, request, "api_keys/show.html", **await _one(ctx, control, key_id, before), errors=()
        )

    @post("/{key_id:uuid}/rotate", permission=MANAGE, opt={"secret": True}, unpaid=True)
    async def rotate_key(self, ctx: Ctx, control: Control, request: Any_, key_id: UUID) -> Response[Any]:
        """Make a successor of one's own key, shown this once; the old key goes on for a while."""
        key = await queries.one(control, ctx.tenant.id, key_id)
        if key.member_id != ctx.actor.member_id:
            # Whoever sees the successor could act with the other's rights.
            raise Forbidden(
                detail=N_("Only whose rights a key has can rotate it. Make one of your own instead.")
            )
        try:
            data = await read_form(request, RotateForm)
            text, key = await service.rotate(control, key_id, overlap=timedelta(hours=data.hours))
        except (Invalid, PaymentRequired) as error:
            values = await _one(ctx, control, key_id, None)
            return form_again(ctx, request, "api_keys/show.html", error, **values)
        return _shown(ctx, request, text, key)

    @post("/{key_id:uuid}/revoke", permission=MANAGE, unpaid=True)
    async def revoke_key(self, ctx: Ctx, control: Control, request: Any_, key_id: UUID) -> Response[Any]:
        """End a key."""
        key = await queries.one(control, ctx.tenant.id, key_id)
        await service.revoke(control, key_id)
        said = ctx.t(N_("{key} is revoked."), key=key.name)
        return toast(redirect(request, ctx.w("/settings/keys")), said)


def _shown(ctx: Ctx, request: Any_, text: str, key: ApiKey) -> Response[Any]:
    base_url = runtime_of(request).settings.public_url
    return render(ctx, request, SHOWN, text=text, item=key, base_url=base_url)


async def _wanted(ctx: Ctx, control: Control, sent: dict[str, Any]) -> service.KeyIn:
    """The key of a form; raises :class:`Invalid` with all errors, those of scopes included."""
    errors = []
    chosen = {
        f"{name.removeprefix(SCOPE)}:{way}" for name, way in sent.items() if name.startswith(SCOPE) and way
    }
    form = None
    try:
        form = convert(KeyForm, {k: v for k, v in sent.items() if not k.startswith(SCOPE)}, text=True)
        chosen |= {f"all:{form.everything}"} if form.everything else set()
    except Invalid as error:
        errors += list(error.errors)
    held: list[str] = []
    try:
        held = scopes.checked(ctx.machinery.registry, chosen)
    except Invalid as error:
        errors += list(error.errors)
    if errors or form is None or ctx.actor.member_id is None:
        raise Invalid(errors=errors)
    tenant_id: UUID | None = ctx.tenant.id
    if form.mode == "test":
        tenant_id = await queries.sandbox_of(control, ctx.tenant.id)
        if tenant_id is None:
            raise Invalid.field("mode", "sandbox.missing", N_("Make a sandbox first: test keys act on it."))
    return service.KeyIn(
        tenant_id=tenant_id or ctx.tenant.id,
        member_id=ctx.actor.member_id,
        name=form.name,
        scopes=held,
        mode=form.mode,
        expires_at=ctx.now() + timedelta(days=form.days) if form.days else None,
    )


async def _form(ctx: Ctx, control: Control) -> dict[str, Any]:
    return {
        "resources": scopes.resources(ctx.machinery.registry, ctx.tenant.plugins),
        "days": [(str(count), ctx.t(title)) for count, title in DAYS],
        "has_sandbox": await queries.sandbox_of(control, ctx.tenant.id) is not None,
    }


async def _one(ctx: Ctx, control: Control, key_id: UUID, before: UUID | None) -> dict[str, Any]:
    key = await queries.one(control, ctx.tenant.id, key_id)
    found = await queries.requests(control, key_id, before=before, limit=PAGE)
    here = ctx.w(f"/settings/keys/{key_id}")
    return {
        "item": key,
        "state": state_of(key, ctx.now()),
        "people": await _people(ctx, [key]),
        "requests": found,
        "overlaps": [(str(hours), ctx.t(title)) for hours, title in OVERLAPS],
        "next": f"{here}?before={found[-1].id}" if len(found) == PAGE else None,
        "first": here if before else None,
    }


def state_of(key: ApiKey, now: Any) -> str:
    """Whether a key works: ``active``, ``paused``, ``expired`` or ``revoked``."""
    if key.revoked_at is not None:
        return "revoked"
    if key.paused_at is not None:
        return "paused"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


async def _people(ctx: Ctx, keys: Any) -> dict[UUID, str]:
    statement = select(Member.id, Member.name).where(Member.id.in_({key.member_id for key in keys}))
    return dict((await ctx.session.execute(statement)).all())
