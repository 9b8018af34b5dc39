"""The pages of two-step sign-in: the second step itself, and switching it on and off."""

from __future__ import annotations

from typing import Any, Final

from litestar import Controller, Request, Response

from core.kernel.errors import AppError, NotFound, Unauthenticated
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.web.bodies import read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from core.web.routing import get, post
from tenants.accounts.authentication import COOKIE, forget
from tenants.accounts.events import SessionOpened
from tenants.accounts.log import tell
from tenants.accounts.models import Account
from tenants.accounts.pages import safe_next
from tenants.accounts.second_factor import codes, service
from tenants.accounts.second_factor.codes import Vault
from tenants.accounts.second_factor.schema import CodeIn, OffIn, PasswordOnlyIn

Any_ = Request[Any, Any, Any]
CODE, PAGE = "accounts/code.html", "accounts/second_factor.html"
SECRET: Final = {"secret": True}
TRIES: Final = ((5, 300), (20, 86_400))
"""Codes that may be tried for one account: 5 in five minutes, 20 a day; of a million, three are right at once."""


class CodePages(Controller):
    """The second step of signing in."""

    path = "/login/code"
    include_in_schema = False

    @get("/", public=True)
    async def code_form(self, control: Control, request: Any_) -> Response[Any]:
        """Ask for a code; whoever is not that far goes back to the first step."""
        control.locale = reader_locale(request)
        if principal_of(request) is None:
            return redirect(request, "/login")
        values = {"next": request.query_params.get("next", "")}
        return render(control, request, CODE, values=values, errors=())

    @post("/", public=True)
    async def give_code(self, control: Control, request: Any_) -> Response[Any]:
        """Check the code and let the session in."""
        control.locale = reader_locale(request)
        account, session_id = await _signed_in(control, request)
        sent = await request.form()
        try:
            data = await read_form(request, CodeIn)
            await _limit(request, account)
            await service.check(control, _vault(request), account, data.code)
        except AppError as error:
            values = {"next": str(sent.get("next", ""))}
            return form_again(control, request, CODE, error, values=values)
        await service.pass_session(control, session_id)
        agent = request.headers.get("user-agent", "")[:300]
        await tell(control, SessionOpened(subject_id=account.id, user_agent=agent))
        forget(runtime_of(request), request.cookies.get(COOKIE, ""))
        return redirect(request, safe_next(data.next or "/"))


class SecondFactorPages(Controller):
    """Switch two-step sign-in on and off."""

    path = "/second-factor"
    include_in_schema = False

    @get("/", public=True)
    async def show(self, control: Control, request: Any_) -> Response[Any]:
        """Show whether it is on, and what can be done."""
        control.locale = reader_locale(request)
        if principal_of(request) is None:
            return redirect(request, "/login?next=/second-factor")
        account, _ = await _signed_in(control, request)
        return render(control, request, PAGE, errors=(), **await _page(control, request, account))

    @post("/begin", public=True, opt=SECRET)
    async def begin(self, control: Control, request: Any_) -> Response[Any]:
        """Show the picture for the authenticator, after asking for the password once more."""
        control.locale = reader_locale(request)
        account, _ = await _signed_in(control, request)
        try:
            await _limit(request, account)
            data = await read_form(request, PasswordOnlyIn)
            secret = await service.begin(control, _vault(request), account, data.password)
        except AppError as error:
            return await _again(control, request, account, error, wrong="begin")
        page = await _page(control, request, account)
        return render(control, request, PAGE, errors=(), **{**page, **_drawn(secret, account)})

    @post("/confirm", public=True, opt=SECRET)
    async def confirm(self, control: Control, request: Any_) -> Response[Any]:
        """Switch it on with the first right code, and show the recovery codes this once."""
        control.locale = reader_locale(request)
        account, session_id = await _signed_in(control, request)
        vault = _vault(request)
        try:
            await _limit(request, account)
            data = await read_form(request, CodeIn)
            made = await service.confirm(control, vault, account, data.code, session_id=session_id)
        except AppError as error:
            secret = await service.secret_of(control, vault, account)
            return await _again(control, request, account, error, **_drawn(secret, account))
        forget(runtime_of(request), request.cookies.get(COOKIE, ""))
        page = await _page(control, request, account)
        return render(control, request, PAGE, errors=(), **{**page, "made": made})

    @post("/codes", public=True, opt=SECRET)
    async def renew(self, control: Control, request: Any_) -> Response[Any]:
        """Make other recovery codes, shown this once."""
        control.locale = reader_locale(request)
        account, _ = await _signed_in(control, request)
        try:
            await _limit(request, account)
            data = await read_form(request, CodeIn)
            made = await service.renew_codes(control, _vault(request), account, data.code)
        except AppError as error:
            return await _again(control, request, account, error, wrong="codes")
        page = await _page(control, request, account)
        return render(control, request, PAGE, errors=(), **{**page, "made": made})

    @post("/off", public=True)
    async def switch_off(self, control: Control, request: Any_) -> Response[Any]:
        """Ask for the password alone again."""
        control.locale = reader_locale(request)
        account, _ = await _signed_in(control, request)
        try:
            await _limit(request, account)
            data = await read_form(request, OffIn)
            await service.switch_off(control, _vault(request), account, data.password, data.code)
        except AppError as error:
            return await _again(control, request, account, error, wrong="off")
        return toast(redirect(request, "/second-factor"), control.t(N_("Two-step sign-in is off.")))


def _vault(request: Any_) -> Vault:
    runtime = runtime_of(request)
    return runtime.part(Vault, lambda: Vault(runtime.settings.secret_key))


async def _signed_in(control: Control, request: Any_) -> tuple[Account, Any]:
    principal = principal_of(request)
    if principal is None or principal.account_id is None:
        raise Unauthenticated(headers={"Location": "/login"})
    account = await control.session.get(Account, principal.account_id)
    if account is None:
        raise NotFound
    return account, principal.session_id


async def _page(control: Control, request: Any_, account: Account) -> dict[str, Any]:
    principal = principal_of(request)
    back = principal.workspaces[0][0] if principal and principal.workspaces else ""
    return {
        "is_on": await service.is_on(control, account.id),
        "left": await service.codes_left(control, account.id),
        "back": f"/w/{back}/settings/profile" if back else "/",
        "picture": "",
        "made": (),
        "wrong": "",
    }


def _drawn(secret: str, account: Account) -> dict[str, str]:
    spelt = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"picture": codes.picture(secret, account.email), "spelt": spelt, "wrong": "confirm"}


async def _again(
    control: Control, request: Any_, account: Account, error: AppError, **shown: Any
) -> Response[Any]:
    page = await _page(control, request, account)
    return form_again(control, request, PAGE, error, **{**page, **shown})


async def _limit(request: Any_, account: Account) -> None:
    limiter = runtime_of(request).limiter
    for most, period_s in TRIES:
        (await limiter.hit(f"code:{account.id}:{period_s}", most, period_s, name="code")).require()
