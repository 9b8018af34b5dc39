"""What apps ask for: read from documents and forms with all their errors at once, and compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.access.grants import REACHES, of_key
from core.ext.registry import Registry
from core.kernel.errors import AppError, BadRequest, FieldError, Invalid
from core.kernel.http import OutboundRefused
from core.kernel.i18n import N_
from core.kernel.validate import convert, decode_json
from core.tenancy.ctx import Ctx
from core.webhooks import choosing
from tenants.api_keys import scopes
from tenants.remote_apps.schema import AppIn, AppOut

REFUSED: Final = N_("This address cannot be used: it must be public, reached by HTTPS and at a usual port.")


def of_document(body: bytes) -> AppIn:
    """Read a manifest; raises Invalid with everything that is wrong with its form."""
    try:
        found = decode_json(body)
        if not isinstance(found, dict):
            raise BadRequest(detail=N_("A manifest is a JSON object."))
        return convert(AppIn, found)
    except BadRequest as error:
        message = error.detail or error.title
        wrong = list(error.errors) or [FieldError("", error.code, message, dict(error.params))]
        raise Invalid(errors=wrong) from error


def check(ctx: Ctx, wanted: AppIn) -> AppIn:
    """What is asked for, scopes written out; raises Invalid with everything that is not there or not allowed."""
    wrong: list[FieldError] = []
    held: list[str] = []
    if wanted.scopes:
        try:
            held = scopes.checked(ctx.machinery.registry, wanted.scopes)
        except Invalid as error:
            wrong += error.errors
    wrong += _of_events(ctx, wanted)
    wrong += [
        FieldError(f"panels.{number}.url", "outbound", REFUSED)
        for number, panel in enumerate(wanted.panels)
        if not _is_permitted(ctx, panel.url)
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return msgspec.structs.replace(wanted, scopes=held, events=list(dict.fromkeys(wanted.events)))


def _of_events(ctx: Ctx, wanted: AppIn) -> list[FieldError]:
    if not wanted.webhook_url:
        message = N_("Say where events are to be told: a webhook URL.")
        return [FieldError("webhook_url", "required", message)] if wanted.events else []
    wrong = choosing.check(ctx, wanted.events)
    if not _is_permitted(ctx, wanted.webhook_url):
        wrong.append(FieldError("webhook_url", "outbound", REFUSED))
    if not wanted.scopes:
        message = N_("An app hears only of what its scopes let it read. Choose at least one.")
        wrong.append(FieldError("scopes", "required", message))
    return wrong


def _is_permitted(ctx: Ctx, url: str) -> bool:
    try:
        ctx.machinery.http.permit(url)
    except OutboundRefused:
        return False
    return True


def bounds(registry: Registry, held: Sequence[str]) -> Mapping[str, str]:
    """What a webhook of an app with such scopes may see at most, whatever the member who answers for it sees."""
    permissions = list(registry.permissions.values())
    return dict(of_key({one.name: REACHES[-1] for one in permissions}, held, permissions))


def stored(wanted: AppIn) -> dict[str, Any]:
    """What is asked for, as it is kept."""
    found: dict[str, Any] = msgspec.to_builtins(wanted)
    return found


def mark(kept: Mapping[str, Any] | None) -> str:
    """A short mark of what is asked for, so that consent is to what was seen."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def read(kept: Mapping[str, Any] | None) -> AppIn | None:
    """What was kept."""
    return None if kept is None else msgspec.convert(kept, AppIn)


def told(app: AppOut) -> AppIn:
    """What an app says of itself: as it was agreed to, else as it asks."""
    return app.granted or app.asked or AppIn(name=app.name)


def problems(error: AppError) -> list[dict[str, Any]]:
    """What is wrong, as it is kept: translated when it is shown."""
    errors = error.errors or (FieldError("", error.code, error.detail or error.title, dict(error.params)),)
    return [
        {"path": one.path, "code": one.code, "message": one.message, "params": dict(one.params)}
        for one in errors[:50]
    ]


def origin(url: str) -> str:
    """The origin of a panel's address, as a policy names it; the address was checked when it was taken in."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What consent would change: texts that come and texts that go, by what they are about."""

    title: str
    added: Sequence[str]
    removed: Sequence[str]
    kept: Sequence[str]


def differences(granted: AppIn | None, asked: AppIn | None) -> list[Difference]:
    """What an app may do and what it asks for, side by side."""
    found = []
    for title, texts in (
        (N_("Name"), lambda one: [one.name]),
        (N_("Home page"), lambda one: [one.home_url] if one.home_url else []),
        (N_("Scopes"), lambda one: list(one.scopes)),
        (N_("Hears of"), lambda one: list(one.events)),
        (N_("Webhook URL"), lambda one: [one.webhook_url] if one.webhook_url else []),
        (N_("Panels"), lambda one: [f"{panel.on}: {panel.title} ({panel.url})" for panel in one.panels]),
    ):
        has = texts(granted) if granted else []
        wants = texts(asked) if asked else has
        found.append(
            Difference(
                title,
                [one for one in wants if one not in has],
                [one for one in has if one not in wants],
                [one for one in has if one in wants],
            )
        )
    return found
