"""The rules of a form as the inputs of their page hold them, and the way from there to a patch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.sdk import N_, PreconditionFailed, validate
from plugins.marketing.forms.models import Form
from plugins.marketing.forms.schema import FormPatch

PLAIN: Final = ("name", "slug", "source", "notify_email", "per_hour", "min_seconds", "effort")


def of_form(form: Form) -> dict[str, Any]:
    """The rules of a stored form."""
    rule = form.assignment or {}
    answers = {one["value"]: str(one["member_id"]) for one in rule.get("answers", ())}
    return {
        **{name: getattr(form, name) for name in PLAIN},
        "notify": form.notify,
        "embed_hosts": "\n".join(form.embed_hosts),
        "kind": rule.get("kind", "nobody"),
        "members": [str(one) for one in rule.get("members", ())],
        "unit": str(rule.get("unit") or ""),
        "field": rule.get("field", ""),
        "answers": answers,
    }


def of_sent(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as they were sent."""
    return {
        **{name: str(sent.get(name, "")) for name in PLAIN},
        "notify": bool(sent.get("notify")),
        "embed_hosts": str(sent.get("embed_hosts", "")),
        "kind": str(sent.get("kind", "nobody")),
        "members": _several(sent.get("members")),
        "unit": str(sent.get("unit", "")),
        "field": str(sent.get("field", "")),
        "answers": dict(
            zip(_several(sent.get("value")), _several(sent.get("member"), keep=True), strict=False)
        ),
    }


def _several(value: Any, *, keep: bool = False) -> list[str]:
    some = value if isinstance(value, list) else [] if value is None else [value]
    return [one for one in some if isinstance(one, str) and (one or keep)]


def patch_of(sent: Mapping[str, Any]) -> FormPatch:
    """Read the rules; raises Invalid with all that is wrong."""
    values = of_sent(sent)
    answers = [{"value": value, "member_id": member} for value, member in values["answers"].items() if member]
    assignment = {
        "kind": values["kind"],
        "members": values["members"],
        "unit": values["unit"],
        "field": values["field"],
        "answers": answers if values["kind"] == "answer" else [],
    }
    given = {
        **{name: values[name] for name in PLAIN},
        "notify": values["notify"],
        "embed_hosts": [host.strip() for host in values["embed_hosts"].splitlines() if host.strip()],
        "assignment": assignment,
    }
    return validate.convert(FormPatch, given, text=True)


def check_version(sent: Mapping[str, Any], form: Form) -> None:
    """Raise PreconditionFailed where somebody else changed the form since the page was shown."""
    if str(sent.get("version", "")) != str(form.version):
        raise PreconditionFailed(N_("Somebody else changed this record meanwhile."))
