"""What an invitation's link opens: accept it signed in, make an account, or prove an address first.

These pages open no transaction by themselves: accepting takes several, in two databases.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Controller, Request, Response

from core.kernel.errors import AppError, TooManyRequests
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.ctx import Principal
from core.tenancy.directory import Tenant
from core.web.bodies import read_form
from core.web.pages import form_again, redirect, render
from core.web.request import principal_of, runtime_of
from core.web.routing import get, post
from tenants.accounts import limits
from tenants.accounts import service as accounts
from tenants.accounts.authentication import session_cookie
from tenants.accounts.browser import client_of, end_present, open_session, opened, sign_in
from tenants.accounts.models import Account
from tenants.accounts.second_factor import service as second_factor
from tenants.invitations import queries, service, service_accepting, service_domains
from tenants.invitations.models import Invitation
from tenants.invitations.schema import AddressIn, NewcomerIn

Any_ = Request[Any, Any, Any]
PAGE, SENT, DEAD = "invitations/join.html", "invitations/sent.html", "invitations/dead.html"
WORKSPACES = "invitations/workspaces.html"
TRIES: Final = 30
SECRET: Final = {"secret": True}


class JoinPages(Controller):
    """The door of an invitation."""

    path = "/join/{token:str}"
    include_in_schema = False

    @get("/", public=True)
    async def door(self, request: Any_, token: str) -> Response[Any]:
        """Show who invites to what, and the ways in."""
        await _limit(request, "open")
        async with opened(request) as control:
            try:
                return render(
                    control, request, PAGE, errors=(), values={}, **await _shown(control, request, token)
                )
            except queries.DeadInvitation:
                return render(control, request, DEAD, status=404)

    @post("/", public=True)
    async def accept(self, request: Any_, token: str) -> Response[Any]:
        """Accept with the account that is signed in."""
        await _limit(request, "accept")
        try:
            async with opened(request) as control:
                account = await _account(control, request)
                if account is None:
                    return redirect(request, f"/login?next=/join/{token}")
                place = await service_accepting.take_place(control, token, account)
            return await _enter(request, account, place)
        except AppError as error:
            return await _refused(request, token, error)

    @post("/account", public=True, opt=SECRET)
    async def sign_up(self, request: Any_, token: str) -> Response[Any]:
        """Make an account for the address that the mail was sent to, and accept."""
        await _limit(request, "sign up")
        try:
            data = await read_form(request, NewcomerIn)
            async with opened(request) as control:
                email = await service_accepting.mailed_by(control, token)
            if email:
                await limits.mail(runtime_of(request), client_of(request), email)
            async with opened(request) as control:
                account, place = await service_accepting.sign_up(control, token, data, locale=control.locale)
            return await _enter(request, account, place)
        except AppError as error:
            return await _refused(request, token, error)

    @post("/mail", public=True)
    async def prove(self, request: Any_, token: str) -> Response[Any]:
        """Send the mail that proves an address; the answer is the same for every address."""
        await _limit(request, "mail")
        try:
            data = await read_form(request, AddressIn)
            await limits.mail(runtime_of(request), client_of(request), data.email)
            async with opened(request) as control:
                link = await queries.by_token(control, token)
                if link.email is not None:
                    raise queries.DeadInvitation
                tenant = await runtime_of(request).tenant(link.tenant_id)
                await service.prove(control, tenant, link, data.email, locale=control.locale)
                return render(control, request, SENT, email=data.email, workspace=tenant.name)
        except AppError as error:
            return await _refused(request, token, error)


class WorkspacePages(Controller):
    """One's workspaces, and those that one may join for the domain of one's address."""

    path = "/workspaces"
    include_in_schema = False

    @get("/", public=True)
    async def workspaces(self, request: Any_) -> Response[Any]:
        """List them."""
        principal = principal_of(request)
        if principal is None:
            return redirect(request, "/login?next=/workspaces")
        async with opened(request) as control:
            account = await _account(control, request)
            found = await queries.open_to(control, account) if account is not None else []
            return render(
                control, request, WORKSPACES, own=principal.workspaces, found=found, account=account
            )

    @post("/{invitation_id:uuid}/join", public=True)
    async def join(self, request: Any_, invitation_id: UUID) -> Response[Any]:
        """Join a workspace for the domain of one's address."""
        await _limit(request, "accept")
        async with opened(request) as control:
            account = await _account(control, request)
            if account is None:
                return redirect(request, "/login?next=/workspaces")
            place = await service_domains.take_place(control, invitation_id, account)
        return await _enter(request, account, place)


async def _shown(control: Control, request: Any_, token: str) -> dict[str, Any]:
    invitation = await queries.by_token(control, token)
    tenant = await runtime_of(request).tenant(invitation.tenant_id)
    account = await _account(control, request)
    return {
        "token": token,
        "workspace": tenant.name,
        "person": invitation.invited_by,
        "email": invitation.email,
        "account": account,
        "way": await _way(control, invitation, account, token),
    }


async def _way(control: Control, invitation: Invitation, account: Account | None, token: str) -> str:
    """What the reader can do: accept, change the account, sign in, sign up, either of them, or prove an address."""
    if account is not None and invitation.email is None and account.verify_by is not None:
        return "prove"
    if account is not None:
        return "accept" if invitation.email in {None, account.email} else "other"
    if invitation.email is None:
        return "prove"
    if invitation.hand_hash == queries.digest(token):
        # Whoever handed the link over may be the one who looks: whether the address has an account is not told here.
        return "either"
    return "login" if await accounts.by_email(control, invitation.email) else "sign_up"


async def _account(control: Control, request: Any_) -> Account | None:
    principal: Principal | None = principal_of(request)
    if principal is None or principal.account_id is None:
        return None
    found: Account | None = await control.session.get(Account, principal.account_id)
    return found


async def _enter(request: Any_, account: Account, place: service_accepting.Place) -> Response[Any]:
    """Complete the acceptance and go in, with a new session: no process knows the old one's workspaces anew yet."""
    runtime: Runtime = runtime_of(request)
    if place.use_id is not None:
        await service_accepting.finish(runtime, place.use_id)
    tenant: Tenant = await runtime.tenant(place.tenant_id)
    async with opened(request) as control:
        await end_present(control, request)
        principal = principal_of(request)
        if principal is not None and principal.account_id == account.id:
            token = await open_session(control, request, account)
            await second_factor.pass_token(control, token)
        else:
            token = await sign_in(control, request, account)
    response = redirect(request, f"/w/{tenant.slug}/")
    response.set_cookie(session_cookie(runtime, token))
    return response


async def _refused(request: Any_, token: str, error: AppError) -> Response[Any]:
    if isinstance(error, TooManyRequests):
        raise error
    async with opened(request) as control:
        try:
            shown = await _shown(control, request, token)
        except queries.DeadInvitation:
            return render(control, request, DEAD, status=404)
        values = {
            key: str(value) for key, value in (await request.form()).items() if key in {"name", "email"}
        }
        return form_again(control, request, PAGE, error, values=values, **shown)


async def _limit(request: Any_, what: str) -> None:
    hit = await runtime_of(request).limiter.hit(f"join:{what}:{client_of(request)}", TRIES, 60, name="join")
    hit.require()
