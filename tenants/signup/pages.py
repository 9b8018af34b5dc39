"""Pages of a beginning: sign up, the address while its name is typed, the three questions."""

from __future__ import annotations

import re
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from litestar import Controller, Request, Response

from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.validate import convert
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.accounts import limits
from tenants.accounts.authentication import COOKIE, forget, session_cookie
from tenants.accounts.browser import client_of, opened
from tenants.accounts.models import Account
from tenants.signup import answers, presets
from tenants.signup.schema import SLUG, AnswersIn, SignupIn, WorkspaceFormIn
from tenants.signup.service_signup import Asked, Begun, add_workspace, sign_up, slug_error
from tenants.signup.slugs import free, suggest

Any_ = Request[Any, Any, Any]
S = TypeVar("S", bound=msgspec.Struct)
SIGNUP, ADDRESS, WELCOME = "signup/signup.html", "signup/address.html", "signup/welcome.html"
QUESTIONS = (
    ("trade", N_("What does your company do?"), presets.TRADES),
    ("size", N_("How many of you will work here?"), presets.SIZES),
    ("first", N_("What is most important to begin with?"), presets.FIRSTS),
)


class SignupPages(Controller):
    """The way in for strangers, and to another workspace for those who are in."""

    path = "/signup"
    include_in_schema = False

    @get("/", public=True)
    async def form(self, control: Control, request: Any_) -> Response[Any]:
        """Ask who it is, and for the name of the workspace."""
        control.locale = reader_locale(request)
        values = {"workspace": request.query_params.get("workspace", "")}
        return render(control, request, SIGNUP, values=values, errors=(), **_around(request))

    @post("/", public=True)
    async def begin(self, request: Any_) -> Response[Any]:
        """Make the workspace and go in; the form sent twice makes one."""
        try:
            begun = await (_another(request) if _account_id(request) else _new(request))
        except Invalid as error:
            values = {**await form_values(request), "password": ""}
            async with opened(request) as control:
                return form_again(control, request, SIGNUP, error, values=values, **_around(request))
        forget(runtime_of(request), request.cookies.get(COOKIE, ""))
        response = redirect(request, f"/w/{begun.tenant.slug}/welcome")
        if begun.token:
            response.set_cookie(session_cookie(runtime_of(request), begun.token))
        return response

    @get("/address", public=True)
    async def address(self, control: Control, request: Any_) -> Response[Any]:
        """Suggest an address for a name, unless the reader has written one himself."""
        control.locale = reader_locale(request)
        asked = request.query_params
        slug, suggested = str(asked.get("slug", "")), str(asked.get("suggested", ""))
        if slug in {"", suggested}:
            name = str(asked.get("workspace", ""))[:200]
            slug = suggested = (await free(control, suggest(name)))[0] if suggest(name) else ""
        is_one = re.fullmatch(SLUG, slug) is not None
        error = await slug_error(control, slug) if is_one else None
        return render(
            control,
            request,
            ADDRESS,
            slug=slug,
            suggested=suggested,
            errors=[error] if error else [],
            is_free=is_one and error is None,
            host=_host(request),
        )


class WelcomePages(Controller):
    """The three questions."""

    path = "/welcome"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission="members.manage")
    async def ask(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Ask what the workspace is for."""
        values = await answers.of(control, ctx.tenant.id)
        return render(ctx, request, WELCOME, questions=QUESTIONS, values=values)

    @post("/", permission="members.manage")
    async def answer(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Fit the workspace to the answers, and lead to the first step."""
        data = await read_form(request, AnswersIn)
        await answers.keep(control, ctx.tenant, data)
        await answers.fit(ctx, data)
        offered = await answers.switch_on(control, ctx.tenant, data)
        place = f"/marketplace/{offered}" if offered else presets.BEGINNINGS.get(data.first, "/")
        return toast(redirect(request, ctx.w(place)), ctx.t(N_("Your workspace is ready.")))


async def _new(request: Any_) -> Begun:
    data = await _read(request, SignupIn)
    runtime = runtime_of(request)
    await limits.signup(runtime, client_of(request), data.email)
    return await sign_up(runtime, data, await _asked(request))


async def _another(request: Any_) -> Begun:
    data = await _read(request, WorkspaceFormIn)
    runtime, account_id = runtime_of(request), _account_id(request)
    async with opened(request) as control:
        account = await control.session.get_one(Account, account_id)
    await limits.signup(runtime, client_of(request), account.email)
    return await add_workspace(runtime, account.id, data, await _asked(request))


async def _read(request: Any_, struct: type[S]) -> S:
    """Read the form; what is wrong with the address is told together with everything else."""
    form = await form_values(request)
    form.pop("suggested", None)
    slug, errors = str(form.get("slug", "")), list[FieldError]()
    if re.fullmatch(SLUG, slug):
        async with opened(request) as control:
            error = await slug_error(control, slug)
        errors = [error] if error else []
    try:
        data = convert(struct, form, text=True)
    except Invalid as error:
        raise Invalid(errors=[*error.errors, *errors]) from error
    if errors:
        raise Invalid(errors=errors)
    return data


async def _asked(request: Any_) -> Asked:
    return Asked(
        key=str((await request.form()).get("_key", "")) or str(uuid7()),
        locale=reader_locale(request),
        user_agent=request.headers.get("user-agent", ""),
        address=client_of(request),
        request_id=str(request.scope.get("gx.request_id", "")),
    )


def _account_id(request: Any_) -> Any:
    principal = principal_of(request)
    return principal.account_id if principal else None


def _host(request: Any_) -> str:
    return urlsplit(runtime_of(request).settings.public_url).netloc


def _around(request: Any_) -> dict[str, Any]:
    return {"host": _host(request), "is_known": _account_id(request) is not None}
