"""Pages outside of a workspace: log in, log out, the door to one's workspaces; and one's own profile."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Request, Response

from core.access.grants import ROLE_TITLES
from core.kernel.errors import Invalid
from core.kernel.i18n import LOCALES
from core.tenancy.control import Control
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from core.web.routing import get, post
from tenants.accounts import limits, service
from tenants.accounts.authentication import COOKIE, forget, session_cookie
from tenants.accounts.browser import client_of, end_present, opened, sign_in
from tenants.accounts.demo_logins import demo_logins
from tenants.accounts.failed_logins import failed_logins
from tenants.accounts.schema import LoginIn

Any_ = Request[Any, Any, Any]
LOGIN = "accounts/login.html"


class DoorPages(Controller):
    """The way in and out."""

    path = "/"
    include_in_schema = False

    @get("/", public=True)
    async def door(self, request: Any_) -> Response[Any]:
        """Go to the first workspace, or to the login."""
        principal = principal_of(request)
        if principal is None or not principal.workspaces:
            return redirect(request, "/workspaces" if principal else "/login")
        return redirect(request, f"/w/{principal.workspaces[0][0]}/")

    @get("/login", public=True)
    async def login_form(self, control: Control, request: Any_) -> Response[Any]:
        """Show the login."""
        control.locale = reader_locale(request)
        values = {"next": request.query_params.get("next", "")}
        demos = await demo_logins(runtime_of(request).settings.home)
        return render(control, request, LOGIN, values=values, errors=(), demos=demos, roles=ROLE_TITLES)

    @post("/login", public=True)
    async def log_in(self, request: Any_) -> Response[Any]:
        """Check the password and set the session cookie."""
        runtime, email = runtime_of(request), ""
        try:
            data = await read_form(request, LoginIn)
            email = data.email
            await limits.login(runtime, client_of(request), data.email)
            async with runtime.control() as control:
                found = await service.candidates(control, data.email)
            account = await service.opened_by(data.password, *found)
        except Invalid as error:
            return await self._again(request, error, email)
        async with opened(request) as control:
            await end_present(control, request)
            token = await sign_in(control, request, account)
        response = redirect(request, safe_next(data.next))
        response.set_cookie(session_cookie(runtime, token))
        response.set_cookie("gx_locale", account.locale, max_age=31_536_000, samesite="lax")
        return response

    async def _again(self, request: Any_, error: Invalid, email: str) -> Response[Any]:
        """Show the form again; a failed login is noted, a form that says nothing readable is none."""
        runtime = runtime_of(request)
        values = {**await form_values(request), "password": ""}
        demos = await demo_logins(runtime.settings.home)
        shown = {"values": values, "demos": demos, "roles": ROLE_TITLES}
        async with opened(request) as control:
            response: Response[Any] = form_again(control, request, LOGIN, error, **shown)
        if email:
            failed_logins(runtime).note(client_of(request), email)
        return response

    @post("/logout", public=True)
    async def log_out(self, control: Control, request: Any_) -> Response[Any]:
        """End the session."""
        principal = principal_of(request)
        if principal and principal.session_id:
            await service.log_out(control, principal.session_id)
            forget(runtime_of(request), request.cookies.get(COOKIE, ""))
        response = redirect(request, "/login")
        response.delete_cookie(COOKIE)
        return response

    @post("/locale", public=True)
    async def choose_locale(self, request: Any_) -> Response[Any]:
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
