"""The forms of the settings pages: fields as ui/form.html takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from core.access.models import Member, Unit
from core.access.schema import MemberIn, MemberPatch, UnitIn
from core.kernel.i18n import N_
from core.kernel.kinds import time_zones
from core.kernel.validate import fields
from tenants.accounts.schema import PasswordIn

LANGUAGES = (("en", "English"), ("zh_CN", "简体中文"))
KINDS = {"name": "text", "plain": "text", "locale": "choice", "timezone": "choice"}
AUTOCOMPLETE = {"current": "current-password", "new": "new-password"}
HELP = {
    "locale": N_("Left empty, it is the workspace's."),
    "timezone": N_("Left empty, it is the workspace's."),
    "new": N_("At least 10 characters."),
}


@cache
def zones() -> tuple[tuple[str, str], ...]:
    """The places of the time zone database."""
    old = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")
    return tuple((name, name) for name in sorted(time_zones()) if "/" in name and not name.startswith(old))


def hiring(roles: Sequence[tuple[str, str]], units: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The form of a new member."""
    choices = {"role": roles, "unit_id": units}
    return [_view(meta, choices.get(meta.name)) for meta in fields(MemberIn)]


def changing(roles: Sequence[tuple[str, str]], units: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The form of a member, without what only he decides."""
    choices = {"role": roles, "unit_id": units}
    shown = [
        meta for meta in fields(MemberPatch) if meta.name in {"name", "phone", "title", "role", "unit_id"}
    ]
    return [_view(meta, choices.get(meta.name)) for meta in shown]


def own() -> list[dict[str, Any]]:
    """The form of one's own data."""
    choices = {"locale": LANGUAGES, "timezone": zones()}
    shown = [
        meta for meta in fields(MemberPatch) if meta.name in {"name", "phone", "title", "locale", "timezone"}
    ]
    return [_view(meta, choices.get(meta.name)) for meta in shown]


def password() -> list[dict[str, Any]]:
    """The form of a change of password."""
    titles = {"current": N_("Present password"), "new": N_("New password")}
    return [{**_view(meta), "kind": "password", "title": titles[meta.name]} for meta in fields(PasswordIn)]


def unit(units: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The form of a department."""
    above = {"parent_id": units}
    return [_view(meta, above.get(meta.name)) for meta in fields(UnitIn)]


def values(record: Member | Unit, shown: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What a record holds for the fields of a form."""
    found = {field["name"]: getattr(record, field["name"]) for field in shown}
    return {name: str(value) if name.endswith("_id") and value else value for name, value in found.items()}


TITLES = {"role": N_("Role"), "unit_id": N_("Department"), "parent_id": N_("Belongs to")}
NAMED = frozenset({"name", "role"})


def _view(meta: Any, options: Sequence[tuple[str, str]] | None = None) -> dict[str, Any]:
    view = {
        **meta._asdict(),
        "kind": KINDS.get(meta.kind, meta.kind),
        "title": TITLES.get(meta.name, meta.title),
    }
    view["help"] = HELP.get(meta.name, "")
    view["autocomplete"] = AUTOCOMPLETE.get(meta.name)
    view["required"] = meta.required or meta.name in NAMED
    if options is not None:
        view["kind"], view["options"] = "choice", list(options)
    return view
