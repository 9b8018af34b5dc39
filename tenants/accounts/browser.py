"""What pages of accounts know of the browser that asks: its address, its language, its session."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Request

from core.tenancy.control import Control
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from tenants.accounts import service
from tenants.accounts.authentication import COOKIE, forget
from tenants.accounts.models import Account

Any_ = Request[Any, Any, Any]


def client_of(request: Any_) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else ""


def opened(request: Any_) -> AbstractAsyncContextManager[Control]:
    """A transaction of the control plane that is the request's own, for handlers that work between two of them."""
    return runtime_of(request).control(
        principal_of(request),
        request_id=str(request.scope.get("gx.request_id", "")),
        locale=reader_locale(request),
        address=client_of(request),
    )


async def sign_in(control: Control, request: Any_, account: Account) -> str:
    """Sign somebody in in this browser and give the session's token."""
    return await service.sign_in(control, account, **_browser(request))


async def open_session(control: Control, request: Any_, account: Account) -> str:
    """Open another session for who is signed in already, and give its token."""
    return await service.open_session(control, account, **_browser(request))


async def end_present(control: Control, request: Any_) -> None:
    """End the session that the browser has before it is given another one."""
    principal = principal_of(request)
    if principal is not None and principal.session_id is not None:
        await service.log_out(control, principal.session_id)
        forget(runtime_of(request), request.cookies.get(COOKIE, ""))


def _browser(request: Any_) -> dict[str, str]:
    return {"user_agent": request.headers.get("user-agent", ""), "address": client_of(request)}
