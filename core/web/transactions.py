"""The transactions of a request, and its idempotency key in them.

One request is one transaction in each database that its handler asks for, committed after the answer is built and
before it is sent; the answer is kept in it for a repetition of the request.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide

from core.kernel import idempotency
from core.kernel.errors import Conflict, Unauthenticated
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx, Principal
from core.web.request import SAFE, SIGNED_IN, field, is_api, principal_of, runtime_of
from core.web.uses import uses_of

CHUNK: Final = 1 << 18
ONCE: Final = "hx-once"
"""Marks a kept answer that has nothing to repeat."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The transactions of a request: the workspace's, the control plane's, or both."""

    ctx: Ctx | None
    control: Control | None


async def provide_opened(request: Request[Any, Any, Any]) -> AsyncGenerator[Opened, None]:
    """Open what the handler asks for; it commits when the answer stands, and rolls back on any exception.

    One provider for both: of two, the framework forgets the one that is open when the other refuses. The control
    plane commits first, after the workspace has written everything down, and the workspace's answer is kept last.
    """
    asked = request.route_handler.parsed_fn_signature.parameters
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(_ctx(request)) if "ctx" in asked else None
        control = await stack.enter_async_context(_control(request)) if "control" in asked else None
        try:
            yield Opened(ctx, control)
        except BaseException:
            # The framework throws the handler's exception in here and raises it again by itself.
            for opened in (ctx, control):
                if opened is not None:
                    opened.roll_back()
            return
        if ctx is not None and control is not None and not (ctx.is_rolled_back or ctx.readonly):
            await ctx.flush()


def provide_ctx(opened: NamedDependency[Opened]) -> Ctx | None:
    """The workspace's transaction."""
    return opened.ctx


def provide_control(opened: NamedDependency[Opened]) -> Control | None:
    """The control plane's transaction, for the routes of accounts and workspaces."""
    return opened.control


DEPENDENCIES: Mapping[str, Provide] = {
    "opened": Provide(provide_opened),
    "ctx": Provide(provide_ctx, sync_to_thread=False),
    "control": Provide(provide_control, sync_to_thread=False),
}


@asynccontextmanager
async def _ctx(request: Request[Any, Any, Any]) -> AsyncIterator[Ctx]:
    opt = request.route_handler.opt
    principal = principal_of(request)
    if principal is None or principal.tenant is None:
        raise Unauthenticated
    readonly = request.method in SAFE and not opt["records"]
    request_id = str(request.scope.get("gx.request_id", ""))
    if opt.get("upload"):
        await _take_upload(request, principal)
    async with runtime_of(request).enter(principal, readonly=readonly, request_id=request_id) as ctx:
        request.scope["gx.ctx"] = ctx  # type: ignore[typeddict-unknown-key]
        if opt["permission"] not in {SIGNED_IN, ""}:
            await ctx.require(opt["permission"])
        if opt.get("plugin"):
            uses_of(runtime_of(request)).note(principal, opt["plugin"], opt["permission"])
        if not readonly and principal.kind != "public":
            await _begin_idempotent(request, ctx)
        yield ctx


async def _take_upload(request: Request[Any, Any, Any], principal: Principal) -> None:
    """Take a large form in before anything is open: its files lie on the disk, and come from nobody who may not."""
    async with runtime_of(request).enter(principal, readonly=True) as ctx:
        await ctx.require(request.route_handler.opt["permission"])
    await request.form()


@asynccontextmanager
async def _control(request: Request[Any, Any, Any]) -> AsyncIterator[Control]:
    principal = principal_of(request)
    request_id = str(request.scope.get("gx.request_id", ""))
    address = request.client.host if request.client else ""
    async with runtime_of(request).control(principal, request_id=request_id, address=address) as control:
        request.scope["gx.control"] = control  # type: ignore[typeddict-unknown-key]
        await _begin_idempotent_control(request, control)
        yield control


async def _begin_idempotent(request: Request[Any, Any, Any], ctx: Ctx) -> None:
    key = await _idempotency_key(request)
    if not key:
        return
    principal = str(ctx.actor.key_id or ctx.actor.member_id)
    route = f"{request.method} {request.scope['path']}"
    payload = await _payload(request)
    try:
        pending = await idempotency.begin(
            ctx.session, key=key, principal=principal, route=route, payload=payload, now=ctx.now()
        )
    except idempotency.Replay as found:
        if request.route_handler.opt.get("sealed"):
            body = ctx.cipher().decrypt(found.answer.body, _place(ctx, principal, route))
            raise idempotency.Replay(replace(found.answer, body=body)) from None
        raise
    request.scope["gx.idempotency"] = pending  # type: ignore[typeddict-unknown-key]


def _place(ctx: Ctx, principal: str, route: str) -> str:
    return f"{ctx.tenant.id}|idempotency|body|{principal} {route}"


async def _begin_idempotent_control(request: Request[Any, Any, Any], control: Control) -> None:
    """Claim the key of a write that touches the control plane alone; beside a tenant's, that one's key counts."""
    who = control.principal
    has_ctx = "ctx" in request.route_handler.parsed_fn_signature.parameters
    if request.method in SAFE or has_ctx or who is None or not (who.account_id or who.key_id):
        return
    key = await _idempotency_key(request)
    if not key:
        return
    pending = await idempotency.CONTROL.begin(
        control.session,
        key=key,
        principal=str(who.key_id or who.account_id),
        route=f"{request.method} {request.scope['path']}",
        payload=await _payload(request),
        now=control.now(),
    )
    request.scope["gx.control_idempotency"] = pending  # type: ignore[typeddict-unknown-key]


async def _idempotency_key(request: Request[Any, Any, Any]) -> str:
    key = request.headers.get("idempotency-key", "")
    return key if key or is_api(request) else await field(request, "_key")


async def _payload(request: Request[Any, Any, Any]) -> bytes:
    """What has to be equal in a repeated request: the question behind the path, and the body."""
    if request.route_handler.opt.get("upload"):
        return bytes(request.scope["query_string"]) + b"\0" + await _digest(request)
    body = idempotency.canonical(await request.body(), request.headers.get("content-type", ""))
    return bytes(request.scope["query_string"]) + b"\0" + body


async def _digest(request: Request[Any, Any, Any]) -> bytes:
    """The digest of a large form's files, which are read from the disk."""
    digest = hashlib.sha256()
    sent = (await request.form()).multi_items()
    for name, item in [(name, item) for name, item in sent if isinstance(item, UploadFile)]:
        digest.update(name.encode() + b"\0")
        while chunk := await item.read(CHUNK):
            digest.update(chunk)
        await item.seek(0)
    return digest.digest()


async def keep(scope: Any, response: idempotency.Answer) -> None:
    """Keep an answer under the key of its request, in the transaction that the key was claimed in."""
    pending = scope.get("gx.idempotency")
    kept = idempotency.kept(pending, response) if pending is not None else None
    if kept is not None:
        ctx: Ctx = scope["gx.ctx"]
        if scope["route_handler"].opt.get("sealed"):
            place = _place(ctx, pending.principal, pending.route)
            body = ctx.cipher().encrypt(kept.values["body"], place)
            kept = replace(kept, values={**kept.values, "body": body})
        ctx.write_last(kept)
    pending = scope.get("gx.control_idempotency")
    # What opens a session is not kept: it would be a login for whoever reads the table.
    if pending is not None and not any(
        b"httponly" in value.lower() for _, value in response.encode_headers()
    ):
        await idempotency.CONTROL.store(scope["gx.control"].session, pending, response)


class Once:
    """What is kept of an answer that is shown once."""

    body = b""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code

    def encode_headers(self) -> list[tuple[bytes, bytes]]:
        """Say that there is nothing to repeat."""
        return [(ONCE.encode(), b"1")]


def replayed(answer: idempotency.Stored) -> Response[bytes]:
    """The kept answer of an earlier, equal request; raises Conflict where it was one to be shown once."""
    if ONCE in answer.headers:
        raise Conflict(
            code="idempotency.once",
            detail=N_("This was done already, and what it showed is shown once."),
        )
    return Response(
        answer.body,
        status_code=answer.status,
        headers={**answer.headers, "Idempotent-Replayed": "true"},
        media_type=answer.headers.get("content-type", "application/json"),
    )
