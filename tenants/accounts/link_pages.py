"""Pages of links in mails, and those that have one sent: confirm an address, forget a password, change the address."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Controller, Request, Response

from core.kernel.errors import Invalid
from core.kernel.i18n import N_, format_date
from core.tenancy.control import Control
from core.web.bodies import form_values, read_form
from core.web.inbox import is_private
from core.web.pages import form_again, redirect, render, toast
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from core.web.routing import get, post
from tenants.accounts import limits, proofs, service
from tenants.accounts import service_addresses as addresses
from tenants.accounts import service_changes as changes
from tenants.accounts.authentication import COOKIE, forget, session_cookie
from tenants.accounts.browser import client_of, end_present, sign_in
from tenants.accounts.models import Account, Proof
from tenants.accounts.pages import safe_next
from tenants.accounts.schema import EmailIn, ForgottenIn, NewPasswordIn

Any_ = Request[Any, Any, Any]
MADE = N_("From now on you sign in with your new address.")
FORGOT, CONFIRM, EMAIL = "accounts/forgot.html", "accounts/confirm.html", "accounts/email.html"


class LinkPages(Controller):
    """Addresses and forgotten passwords."""

    path = "/"
    include_in_schema = False

    @get("/forgot", public=True)
    async def forgot(self, control: Control, request: Any_) -> Response[Any]:
        """Ask for the address, or say that a mail is on its way if anybody has it."""
        control.locale = reader_locale(request)
        sent = "sent" in request.query_params
        return render(control, request, FORGOT, values={}, errors=(), sent=sent, inbox=_inbox(request))

    @post("/forgot", public=True)
    async def send_reset(self, control: Control, request: Any_) -> Response[Any]:
        """Have the mail sent; whether somebody has the address is found out later, by a job."""
        control.locale = reader_locale(request)
        try:
            data = await read_form(request, ForgottenIn)
        except Invalid as error:
            values = await form_values(request)
            return form_again(
                control, request, FORGOT, error, values=values, sent=False, inbox=_inbox(request)
            )
        await limits.mail(runtime_of(request), client_of(request), data.email)
        addresses.ask_reset(control, data.email)
        return redirect(request, "/forgot?sent=1")

    @get("/confirm/{token:str}", public=True)
    async def show(self, control: Control, request: Any_, token: str) -> Response[Any]:
        """Show what the link does; only the button does it, as mail programs follow links by themselves."""
        control.locale = reader_locale(request)
        proof = await proofs.read(control, token)
        return render(control, request, CONFIRM, errors=(), **await _shown(control, request, proof, token))

    @post("/confirm/{token:str}", public=True)
    async def follow(self, control: Control, request: Any_, token: str) -> Response[Any]:
        """Do what the link is for."""
        control.locale = reader_locale(request)
        proof = await proofs.read(control, token)
        shown = await _shown(control, request, proof, token)
        try:
            return await FOLLOWED[proof.kind](control, request, proof)
        except Invalid as error:
            return form_again(control, request, CONFIRM, error, **shown)

    @post("/verification", public=True)
    async def send_again(self, control: Control, request: Any_) -> Response[Any]:
        """Send the link that confirms the address once more."""
        account = await _signed_in(control, request)
        if account is None:
            return redirect(request, "/login")
        if account.verify_by is not None:
            await limits.mail(runtime_of(request), client_of(request), account.email)
            addresses.ask_confirmation(control, account)
        back = safe_next(urlsplit(request.headers.get("referer", "")).path)
        control.locale = reader_locale(request)
        return toast(redirect(request, back), control.t(N_("The mail is on its way.")))

    @get("/email", public=True)
    async def email_form(self, control: Control, request: Any_) -> Response[Any]:
        """Ask for another address and the password."""
        control.locale = reader_locale(request)
        account = await _signed_in(control, request)
        if account is None:
            return redirect(request, "/login?next=/email")
        sent = "sent" in request.query_params
        shown = await _changing(control, request, account)
        return render(control, request, EMAIL, values={}, errors=(), sent=sent, **shown)

    @post("/email", public=True)
    async def change_email(self, control: Control, request: Any_) -> Response[Any]:
        """Have both addresses asked; what the answer is does not depend on who has the new one."""
        control.locale = reader_locale(request)
        account = await _signed_in(control, request)
        if account is None:
            return redirect(request, "/login")
        try:
            data = await read_form(request, EmailIn)
            await limits.mail(runtime_of(request), client_of(request), data.email)
            await changes.ask(control, account.id, data)
        except Invalid as error:
            values = {**await form_values(request), "current": ""}
            shown = {**await _changing(control, request, account), "change": None}
            return form_again(control, request, EMAIL, error, values=values, sent=False, **shown)
        return redirect(request, "/email?sent=1")

    @post("/email/again", public=True)
    async def ask_again(self, control: Control, request: Any_) -> Response[Any]:
        """Send the mails of a change again, to who has not agreed."""
        control.locale = reader_locale(request)
        account = await _signed_in(control, request)
        change = await changes.pending(control, account.id) if account else None
        if change is None:
            return redirect(request, "/email")
        await limits.mail(runtime_of(request), client_of(request), change.email)
        changes.ask_again(control, change)
        return toast(redirect(request, "/email"), control.t(N_("The mail is on its way.")))

    @post("/email/cancel", public=True)
    async def cancel(self, control: Control, request: Any_) -> Response[Any]:
        """Wait for a change no longer."""
        control.locale = reader_locale(request)
        account = await _signed_in(control, request)
        if account is not None:
            await proofs.drop_change(control, account.id)
        return toast(redirect(request, "/email"), control.t(N_("Your address stays as it is.")))


async def _verify(control: Control, request: Any_, proof: Proof) -> Response[Any]:
    form = await request.form()
    if form.get("act") == "refuse":
        await addresses.refuse(control, proof)
        said = N_("Thank you. Nobody can sign in there with your address any more.")
        return toast(redirect(request, "/login"), control.t(said))
    principal = principal_of(request)
    signed_in = principal.account_id if principal else None
    account = await addresses.confirm(
        control, proof, signed_in=signed_in, password=str(form.get("password", ""))
    )
    # Otherwise the next page would still ask for what was done just now.
    forget(runtime_of(request), request.cookies.get(COOKIE, ""))
    response = redirect(request, "/")
    if signed_in != account.id:
        token = await sign_in(control, request, account)
        response.set_cookie(session_cookie(runtime_of(request), token))
    return toast(response, control.t(N_("Your e-mail address is confirmed.")))


async def _reset(control: Control, request: Any_, proof: Proof) -> Response[Any]:
    data = await read_form(request, NewPasswordIn)
    await addresses.reset(control, proof, data.new)
    await end_present(control, request)
    said = N_("Your password is changed. Sign in with the new one.")
    return toast(redirect(request, "/login"), control.t(said))


async def _agree(control: Control, request: Any_, proof: Proof) -> Response[Any]:
    is_made = await changes.agree(control, proof)
    said = MADE if is_made else N_("Thank you. Now your present address is waited for.")
    return toast(redirect(request, "/"), control.t(said))


async def _stop(control: Control, request: Any_, proof: Proof) -> Response[Any]:
    if (await request.form()).get("act") == "agree":
        is_made = await changes.consent(control, proof)
        said = MADE if is_made else N_("Thank you. Now the new address is waited for.")
        return toast(redirect(request, "/"), control.t(said))
    await changes.stop(control, proof)
    await end_present(control, request)
    return redirect(request, "/forgot?sent=1")


FOLLOWED = {proofs.VERIFY: _verify, proofs.RESET: _reset, proofs.EMAIL: _agree, proofs.STOP: _stop}


async def _shown(control: Control, request: Any_, proof: Proof, token: str) -> dict[str, Any]:
    """What the page of a link shows; ``needs`` is what else it takes: a password, to sign in, or a yes or no."""
    principal = principal_of(request)
    signed_in = principal.account_id if principal else None
    needs = ""
    if proof.kind == proofs.VERIFY:
        holder = await service.by_email(control, proof.email)
        if holder is not None and holder.id != signed_in:
            needs = "login"
        elif holder is None and signed_in != proof.account_id:
            needs = "password"
    elif proof.kind == proofs.STOP and await changes.awaits(control, proof):
        needs = "word"
    login = f"/login?next={quote(f'/confirm/{token}')}"
    return {"proof": proof, "needs": needs, "login": login, "action": f"/confirm/{token}", "values": {}}


async def _changing(control: Control, request: Any_, account: Account) -> dict[str, Any]:
    """What the page of one's address shows."""
    change = await changes.pending(control, account.id)
    day = format_date(changes.day_of(change), control.locale) if change else ""
    return {"account": account, "change": change, "day": day, "inbox": _inbox(request)}


async def _signed_in(control: Control, request: Any_) -> Account | None:
    principal = principal_of(request)
    if principal is None or principal.account_id is None:
        return None
    account: Account | None = await control.session.get(Account, principal.account_id)
    return account


def _inbox(request: Any_) -> bool:
    """Whether mail stays here, where the page can lead to it."""
    return is_private(runtime_of(request).settings)
