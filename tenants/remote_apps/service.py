"""The verbs of remote apps. A person agrees to what one may do; a program and a manifest can only ask.

What an app may do takes effect in the control plane at once; its webhook in the workspace follows by a job.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from core.kernel.errors import Conflict, Forbidden
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from core.tenancy.directory import Tenant
from core.webhooks import signing
from tenants.api_keys import of_apps
from tenants.api_keys import service as keys
from tenants.remote_apps import events
from tenants.remote_apps.asking import read, stored
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.queries import MOST, apps
from tenants.remote_apps.schema import AppIn, AppParams, AppPatch

SETTLE: Final = "remote_apps.settle"
READ: Final = "remote_apps.read_manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown once, when an app comes to life: nothing where there was something before."""

    key: str = ""
    secret: str = ""


async def ask(control: Control, tenant: Tenant, wanted: AppIn) -> RemoteApp:
    """Put an app up for a person's consent: until then it can do nothing. Emits remote_app.asked."""
    app = await _new(control, tenant, name=wanted.name)
    ask_again(control, app, wanted)
    await control.session.flush()
    return app


async def ask_by_manifest(control: Control, tenant: Tenant, url: str) -> RemoteApp:
    """Have a manifest read that says what an app asks for."""
    app = await _new(control, tenant, name=url.partition("://")[2].partition("/")[0][:200])
    app.manifest_url = url
    await control.session.flush()
    read_again(control, app)
    return app


def read_again(control: Control, app: RemoteApp) -> None:
    """Have an app's manifest read now."""
    if not app.manifest_url:
        raise Conflict(detail=N_("This app has no manifest: it is changed by hand."))
    app.reading_since = control.now()
    control.enqueue(READ, AppParams(app_id=app.id))


def ask_again(control: Control, app: RemoteApp, wanted: AppIn) -> None:
    """Note what an app asks for; what it may do stays as it is. Emits remote_app.asked where that is new."""
    kept = stored(wanted)
    if kept == app.granted:
        app.asked = None
        return
    if kept == app.asked:
        return
    app.asked = kept
    if app.granted is None:
        app.name = wanted.name
    _tell(control, app, events.AppAsked(subject_id=app.id, label=app.name, scopes=tuple(wanted.scopes)))


def patched(app: RemoteApp, patch: AppPatch) -> AppIn:
    """What an app asks for with some of it replaced."""
    if app.manifest_url:
        raise Conflict(detail=N_("What this app asks for stands in its manifest."))
    present = read(app.asked or app.granted)
    if present is None:
        raise Conflict
    sent = {name: getattr(patch, name) for name in patch.__struct_fields__}
    return msgspec.structs.replace(
        present, **{name: value for name, value in sent.items() if value is not UNSET}
    )


async def agree(control: Control, tenant: Tenant, app: RemoteApp, wanted: AppIn) -> Shown:
    """Let an app do what it asks for, and nothing else. Only a person can. Emits remote_app.agreed.

    Whoever agrees answers for its webhook and its key: a key that was another's ends. The first time gives a secret,
    and scopes without a key give one.
    """
    member_id = _person(control)
    secret = ""
    app.granted, app.asked, app.name, app.member_id = stored(wanted), None, wanted.name, member_id
    app.problems = []
    if app.state == "asked":
        app.state = "active"
    if not app.secret:
        secret = _renew(control, tenant, app)
    text = ""
    await of_apps.end(control, app.id, but_of=member_id if wanted.scopes else None)
    if await of_apps.living(control, app.id):
        await of_apps.rescope(control, app.id, wanted.scopes)
    elif wanted.scopes:
        text = await _issue(control, app, wanted)
    if app.state == "paused":
        await of_apps.pause(control, app.id, is_paused=True)
    _tell(
        control,
        app,
        events.AppAgreed(
            subject_id=app.id,
            label=app.name,
            scopes=tuple(wanted.scopes),
            listens=tuple(wanted.events),
            webhook_url=wanted.webhook_url or "",
            panels=tuple(f"{panel.on} {panel.url}" for panel in wanted.panels),
        ),
    )
    await _follow(control, app)
    return Shown(key=text, secret=secret)


async def decline(control: Control, app: RemoteApp) -> None:
    """Refuse what an app asks for: it may go on with what it has, or goes. Emits remote_app.declined."""
    _tell(control, app, events.AppDeclined(subject_id=app.id, label=app.name))
    app.asked = None
    if app.granted is None:
        await control.session.delete(app)


async def pause(control: Control, app: RemoteApp) -> None:
    """Let an app rest: within a second its key does not work and its panels are gone. Emits remote_app.paused."""
    if app.state != "active":
        return
    app.state = "paused"
    await of_apps.pause(control, app.id, is_paused=True)
    _tell(control, app, events.AppPaused(subject_id=app.id, label=app.name))
    await _follow(control, app)


async def resume(control: Control, app: RemoteApp) -> None:
    """Let an app do again what was agreed to; what it missed is told. Emits remote_app.resumed."""
    if app.state != "paused":
        return
    app.state = "active"
    await of_apps.pause(control, app.id, is_paused=False)
    _tell(control, app, events.AppResumed(subject_id=app.id, label=app.name))
    await _follow(control, app)


async def remove(control: Control, app: RemoteApp) -> None:
    """End an app with its key, its webhook and its panels. Emits remote_app.removed."""
    await of_apps.end(control, app.id)
    _tell(control, app, events.AppRemoved(subject_id=app.id, label=app.name))
    await _follow(control, app)
    await control.session.delete(app)


async def replace_key(control: Control, app: RemoteApp, *, overlap: timedelta) -> str:
    """Make an app a new key, given once; the old one ends after the overlap, and at once where it was another's.

    Whoever does so answers for its webhook as well.
    """
    member_id, granted = _person(control), read(app.granted)
    if granted is None or not granted.scopes or app.state != "active":
        raise Conflict(detail=N_("Only an app that works and has scopes has a key."))
    await of_apps.end(control, app.id, but_of=member_id)
    await answer(control, app, member_id)
    for key in await of_apps.living(control, app.id):
        text, _ = await keys.rotate(control, key.id, overlap=overlap)
        return text
    return await _issue(control, app, granted)


async def answer(control: Control, app: RemoteApp, member_id: UUID) -> None:
    """Let a member answer for an app: its webhook tells what he may see."""
    if app.member_id != member_id:
        app.member_id = member_id
        await _follow(control, app)


async def replace_secret(control: Control, tenant: Tenant, app: RemoteApp) -> str:
    """Have an app's webhook and panels signed by a new secret from now on, given once."""
    _person(control)
    if app.granted is None:
        raise Conflict
    secret = _renew(control, tenant, app)
    _tell(control, app, events.AppSecretReplaced(subject_id=app.id, label=app.name))
    await _follow(control, app)
    return secret


def secret_of(control: Control, tenant: Tenant, app: RemoteApp) -> str:
    """What signs for an app."""
    return control.machinery.cipher(tenant).decrypt(app.secret, place(tenant, app.id))


async def _new(control: Control, tenant: Tenant, *, name: str) -> RemoteApp:
    if len(await apps(control, tenant.id)) >= MOST:
        raise Conflict(detail=N_("There are {count} apps already. Remove one first."), params={"count": MOST})
    app = RemoteApp(id=uuid7(), tenant_id=tenant.id, name=name, state="asked", secret="", problems=[])
    control.session.add(app)
    return app


async def _issue(control: Control, app: RemoteApp, granted: AppIn) -> str:
    wanted = keys.KeyIn(
        tenant_id=app.tenant_id,
        member_id=_person(control),
        name=granted.name,
        scopes=granted.scopes,
        app_id=app.id,
    )
    text, _ = await keys.issue(control, wanted)
    return text


def _renew(control: Control, tenant: Tenant, app: RemoteApp) -> str:
    secret = signing.new_secret()
    app.secret = control.machinery.cipher(tenant).encrypt(secret, place(tenant, app.id))
    return secret


def place(tenant: Tenant, app_id: UUID) -> str:
    """Where an app's secret stands, for its seal."""
    return f"{tenant.id}|remote_app|secret|{app_id}"


def _person(control: Control) -> UUID:
    """The member who decides; a key decides nothing."""
    who = control.principal
    if who is None or who.kind != "member" or who.member_id is None:
        raise Forbidden(detail=N_("Only a person can agree to what an app may do."))
    return who.member_id


async def _follow(control: Control, app: RemoteApp) -> None:
    """Have every process show and every worker tell what holds now."""
    await control.session.flush()
    control.enqueue(SETTLE, AppParams(app_id=app.id), tenant_id=app.tenant_id)
    await control.touch(app.tenant_id)


def _tell(control: Control, app: RemoteApp, event: Event) -> None:
    control.emit(event, tenant_id=app.tenant_id)
