"""What a visitor sent, read by the fields of a form: normal values, or all that is wrong with them at once.

Owns the reading. Never stores anything, and never trusts what the browser said about a field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import msgspec

from core.sdk import N_, AppError, Email, FieldError, LongText, Phone, ShortText, validate
from plugins.marketing.forms.definition import Content, Field, shown

NAMES_MAX: Final = 400
VALUE_MAX: Final = 20_000
HIDDEN_MAX: Final = 200
CONSENT: Final = "_consent"


class _Text(msgspec.Struct):
    value: ShortText


class _Long(msgspec.Struct):
    value: LongText


class _Email(msgspec.Struct):
    value: Email


class _Phone(msgspec.Struct):
    value: Phone


class _Date(msgspec.Struct):
    value: date


_READERS: Final[Mapping[str, type[Any]]] = {
    "text": _Text,
    "textarea": _Long,
    "email": _Email,
    "phone": _Phone,
    "date": _Date,
    "hidden": _Text,
}


@dataclass(slots=True)
class Answers:
    """The normal values of the fields that show, by key, and what is wrong; ``typed`` is what was sent."""

    typed: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    consent: bool = False

    @property
    def digest(self) -> str:
        """A mark of the content, equal for equal answers."""
        text = json.dumps([self.values, self.consent], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def read(content: Content, sent: Mapping[str, Any], *, region: str, files: Mapping[str, int]) -> Answers:
    """Read what was sent; ``files`` says how many files came for a field. Unknown names are an error."""
    known = {one.key: one for one in content.fields}
    typed = {key: _plain(sent.get(key), one) for key, one in known.items() if one.type != "file"}
    found = Answers(typed, consent=bool(sent.get(CONSENT)))
    uploads = {key for key, one in known.items() if one.type == "file"}
    if set(sent) - set(known) - {CONSENT} or set(files) - uploads or len(sent) > NAMES_MAX:
        text = N_("This form was changed meanwhile. Please check your answers and send it again.")
        found.errors.append(FieldError("_form", "changed", text))
    visible = shown(content.fields, typed)
    for key, one in known.items():
        if key in visible:
            _read_one(found, one, region, files.get(key, 0))
    if content.consent_text and content.consent_required and not found.consent:
        found.errors.append(FieldError(CONSENT, "required", N_("Your consent is needed to send this form.")))
    return found


def _plain(raw: Any, one: Field) -> Any:
    """What was typed as text with single line feeds, a list where several may be chosen."""
    given = raw if isinstance(raw, list) else [] if raw is None else [raw]
    texts = [str(entry)[: VALUE_MAX + 1].replace("\r\n", "\n") for entry in given]
    if one.type == "multi":
        return [text for text in texts if text]
    return texts[-1] if texts else ""


def _read_one(found: Answers, one: Field, region: str, files: int) -> None:
    typed = found.typed.get(one.key, "")
    if not typed and not files:
        if one.required and one.type != "hidden":
            found.errors.append(FieldError(one.key, "required", N_("This field is required")))
        return
    if one.type == "file":
        return
    try:
        value = _value(one, typed, region)
    except AppError as error:
        found.errors += [FieldError(one.key, e.code, e.message, e.params) for e in error.errors]
        return
    if value in ("", []):
        if one.required:
            found.errors.append(FieldError(one.key, "required", N_("This field is required")))
        return
    found.values[one.key] = value


def _value(one: Field, typed: Any, region: str) -> Any:
    if one.type == "checkbox":
        return True
    if one.type in {"select", "multi"}:
        return _chosen(one, typed)
    if one.type == "hidden":
        typed = str(typed).replace("\0", "")[:HIDDEN_MAX]
    value = validate.convert(_READERS[one.type], {"value": typed}, text=True, region=region).value
    return value.isoformat() if isinstance(value, date) else value


def _chosen(one: Field, typed: Any) -> Any:
    wanted = typed if isinstance(typed, list) else [typed]
    if not set(wanted) <= set(one.options):
        raise _refused(N_("This is not one of the choices."))
    return list(dict.fromkeys(wanted)) if one.type == "multi" else wanted[0]


def _refused(message: str) -> AppError:
    return AppError(errors=[FieldError("", "choice", message)])


def shown_value(one: Field, value: Any, t: Any) -> str:
    """Write an answer for a person or a spreadsheet."""
    if one.type == "checkbox":
        return str(t(N_("Yes")) if value else t(N_("No")))
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    return str(value)


def pairs(fields: Sequence[Field], values: Mapping[str, Any], t: Any) -> list[tuple[str, str]]:
    """Give the answers with their questions, in the form's order; those of removed fields at the end."""
    known = {one.key: one for one in fields}
    found = [(one.label, shown_value(one, values[key], t)) for key, one in known.items() if key in values]
    return found + [(key, str(value)) for key, value in values.items() if key not in known]


def by_target(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """Give the answers that fill in fields of a lead."""
    return {one.target: str(values[one.key]) for one in fields if one.target and one.key in values}


def title_of(fields: Sequence[Field], values: Mapping[str, Any]) -> str:
    """Name a submission after who sent it, as far as the answers tell; empty when they tell nothing."""
    known = by_target(fields, values)
    told = (known.get(name) for name in ("name", "company", "email", "mobile", "phone"))
    texts = (value for value in values.values() if isinstance(value, str) and value)
    return (next((name for name in told if name), "") or next(texts, ""))[:200].replace("\n", " ")
