"""The builder's draft: a form as its inputs hold it, typed and unchecked, and the way from there to a patch.

Owns the names of the builder's inputs. Never writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.sdk import AppError, validate
from plugins.marketing.forms.definition import CONDITIONS_MAX, FIELDS_MAX, Content, Field, completed
from plugins.marketing.forms.models import Form
from plugins.marketing.forms.schema import FormPatch

TEXTS: Final = (
    "title", "intro", "button", "language", "accent", "consent_text", "thanks", "redirect_url"
)  # fmt: skip
OF_FIELD: Final = ("label", "type", "key", "target", "help", "placeholder", "value", "accept", "step")
Draft = dict[str, Any]


def of_form(form: Form) -> Draft:
    """The draft of a stored form."""
    texts = {name: getattr(form, name) or "" for name in TEXTS}
    fields = [_field(field) for field in form.fields]
    return {**texts, "consent_required": form.consent_required, "fields": fields}


def _field(field: Mapping[str, Any]) -> Draft:
    plain = {name: str(field.get(name, "")) for name in OF_FIELD}
    return {
        **plain,
        "required": bool(field.get("required")),
        "options": "\n".join(field.get("options", ())),
        "show_if": [dict(condition) for condition in field.get("show_if", ())],
    }


def of_sent(sent: Mapping[str, Any]) -> Draft:
    """The draft as the builder's inputs were sent."""
    texts = {name: _text(sent.get(name)) for name in TEXTS}
    numbers = {int(part[1]) for name in sent if (part := name.split("."))[0] == "fields" and _is_place(part)}
    fields = [_sent_field(sent, f"fields.{number}.") for number in sorted(numbers)[: FIELDS_MAX + 1]]
    return {**texts, "consent_required": bool(sent.get("consent_required")), "fields": fields}


def _is_place(parts: list[str]) -> bool:
    return len(parts) > 2 and parts[1].isdecimal() and len(parts[1]) < 5


def _sent_field(sent: Mapping[str, Any], start: str) -> Draft:
    rules = []
    for number in range(CONDITIONS_MAX):
        names = ("field", "op", "value")
        rule = {name: _text(sent.get(f"{start}show_if.{number}.{name}")) for name in names}
        if rule["field"]:
            rules.append(rule)
    plain = {name: _text(sent.get(f"{start}{name}")) for name in OF_FIELD}
    options = _text(sent.get(f"{start}options"))
    return {**plain, "required": bool(sent.get(f"{start}required")), "options": options, "show_if": rules}


def _text(value: Any) -> str:
    found = value[-1] if isinstance(value, list) else value
    return found if isinstance(found, str) else ""


def new_field(kind: str, label: str) -> Draft:
    """A field that is about to be filled in."""
    return {**_field({"type": kind, "label": label, "step": 1}), "is_new": True}


def changed(draft: Draft, action: str, label: str) -> Draft:
    """The draft after a field was added, removed or moved; an action that makes no sense changes nothing."""
    what, _, which = action.partition(":")
    fields = list(draft["fields"])
    at = int(which) if which.isdecimal() else -1
    if what == "add" and len(fields) < FIELDS_MAX:
        step = fields[-1]["step"] if fields else "1"
        fields.append({**new_field(which, label), "step": step})
    elif what == "remove" and 0 <= at < len(fields):
        del fields[at]
    elif what in {"up", "down"} and 0 <= at < len(fields):
        to = max(0, min(len(fields) - 1, at + (1 if what == "down" else -1)))
        fields.insert(to, fields.pop(at))
    return {**draft, "fields": fields}


def patch_of(draft: Draft) -> FormPatch:
    """Read a draft; raises Invalid with all that is wrong."""
    values = {name: draft[name] or None for name in TEXTS}
    fields = [_plain(field) for field in draft["fields"]]
    given = {**values, "consent_required": draft["consent_required"], "fields": fields}
    return validate.convert(FormPatch, given, text=True)


def _plain(field: Draft) -> Draft:
    kept = {name: field[name] for name in OF_FIELD if field[name]}
    options = [line.strip() for line in field["options"].splitlines() if line.strip()]
    return {**kept, "required": field["required"], "options": options, "show_if": field["show_if"]}


def content_of(form: Form, draft: Draft) -> Content:
    """What visitors would see of a draft, as far as it can be read."""
    fields = []
    for field in draft["fields"]:
        try:
            fields.append(validate.convert(Field, _plain(field), text=True))
        except AppError:
            continue
    return Content(
        title=draft["title"] or form.name,
        intro=draft["intro"],
        button=draft["button"],
        language=draft["language"] or form.language,
        accent=draft["accent"] or form.accent,
        fields=[msgspec.structs.replace(one) for one in completed(fields)],
        consent_text=draft["consent_text"],
        consent_version=0,
        consent_required=draft["consent_required"],
        thanks=draft["thanks"],
        redirect_url=draft["redirect_url"],
    )
