"""Pages outside of a workspace: log in, log out, the door to one's workspaces; and one's own profile."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Request, Response

from core.kernel.errors import Invalid, TooManyRequests
from core.kernel.i18n import LOCALES
from core.tenancy.ctx import Control
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render
from core.web.problems import reader_locale
from core.web.routing import get, post, principal_of, runtime_of
from tenants.accounts import service
from tenants.accounts.authentication import COOKIE, forget
from tenants.accounts.schema import LoginIn

TRIES_PER_MINUTE = 10


class DoorPages(Controller):
    """The way in and out."""

    path = "/"
    include_in_schema = False

    @get("/", public=True)
    async def door(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Go to the first workspace, or to the login."""
        principal = principal_of(request)
        if principal is None or not principal.workspaces:
            return redirect(request, "/login")
        return redirect(request, f"/w/{principal.workspaces[0][0]}/")

    @get("/login", public=True)
    async def login_form(self, control: Control, request: Request[Any, Any, Any]) -> Response[Any]:
        """Show the login."""
        control.locale = reader_locale(request)
        values = {"next": request.query_params.get("next", "")}
        return render(control, request, "accounts/login.html", values=values, errors=())

    @post("/login", public=True)
    async def log_in(self, control: Control, request: Request[Any, Any, Any]) -> Response[Any]:
        """Check the password and set the session cookie."""
        control.locale = reader_locale(request)
        values = {**await form_values(request), "password": ""}
        try:
            data = await read_form(request, LoginIn)
            await _limit_tries(request, data.email)
            token, account = await service.log_in(
                control,
                data.email,
                data.password,
                user_agent=request.headers.get("user-agent", ""),
                address=request.client.host if request.client else "",
            )
        except Invalid as error:
            return form_again(control, request, "accounts/login.html", error, values=values)
        response = redirect(request, safe_next(data.next))
        _set_session(response, request, token)
        response.set_cookie("gx_locale", account.locale, max_age=31_536_000, samesite="lax")
        return response

    @post("/logout", public=True)
    async def log_out(self, control: Control, request: Request[Any, Any, Any]) -> Response[Any]:
        """End the session."""
        principal = principal_of(request)
        if principal and principal.session_id:
            await service.log_out(control, principal.session_id)
            forget(runtime_of(request), request.cookies.get(COOKIE, ""))
        response = redirect(request, "/login")
        response.delete_cookie(COOKIE)
        return response

    @post("/locale", public=True)
    async def choose_locale(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Choose the language, and come back to the page that the button is on."""
        back = urlsplit(request.headers.get("referer", "")).path
        response = redirect(request, safe_next(back or "/login"))
        chosen = str((await request.form()).get("locale", ""))
        if chosen in LOCALES:
            response.set_cookie("gx_locale", chosen, max_age=31_536_000, samesite="lax")
        return response


def safe_next(path: str) -> str:
    """A path of this site, whatever was asked for."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_local else "/"


async def _limit_tries(request: Request[Any, Any, Any], email: str) -> None:
    verdict = await runtime_of(request).limiter.hit(
        f"login:{email.strip().lower()[:200]}", TRIES_PER_MINUTE, 60, name="login"
    )
    if not verdict.allowed:
        raise TooManyRequests(retry_after_s=verdict.retry_after_s)


def _set_session(response: Response[Any], request: Request[Any, Any, Any], token: str) -> None:
    is_https = runtime_of(request).settings.public_url.startswith("https:")
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(service.SESSION_AGE.total_seconds()),
        httponly=True,
        secure=is_https,
        samesite="lax",
    )
