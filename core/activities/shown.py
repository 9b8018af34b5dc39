"""Timelines and the composer as the interface's macros want them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from core.activities import links, timeline
from core.activities.models import Activity
from core.activities.records import ICONS, OUTCOMES
from core.activities.service import TITLES
from core.ext.specs import RecordType
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.records.shown import TONES
from core.tenancy.ctx import Ctx

PLACEHOLDERS: Final = {
    "call": N_("What was said? May stay empty"),
    "meeting": N_("What was agreed?"),
    "visit": N_("What did you see and hear?"),
    "email": N_("What was it about?"),
    "message": N_("What was it about?"),
}
KIND_TONES: Final = {"note": "neutral", "call": "good", "meeting": "purple", "visit": "warn"}


def with_timeline(ctx: Ctx, record_type: str) -> RecordType:
    """The record type that activities can be logged on; raises :class:`NotFound` for others."""
    found: RecordType | None = ctx.machinery.registry.records.get(record_type)
    if found is None or record_type not in links.FIELDS.values():
        raise NotFound
    return found


def composer(ctx: Ctx, type_: RecordType, record: Any) -> dict[str, Any] | None:
    """What the one-line composer needs, None where the actor may log nothing."""
    is_kept_only = record.deleted_at or getattr(record, "restricted_at", None)
    if type_.key not in links.FIELDS.values() or not ctx.can("activities.create") or is_kept_only:
        return None
    outcomes = [(choice.value, choice.label) for choice in OUTCOMES]
    kinds = [
        {
            "key": kind,
            "title": title,
            "icon": ICONS[kind],
            "placeholder": ctx.t(PLACEHOLDERS[kind]) if kind in PLACEHOLDERS else "",
            "outcomes": outcomes if kind in {"call", "visit", "meeting"} else (),
        }
        for kind, title in sorted(TITLES.items(), key=lambda item: ORDER.index(item[0]))
    ]
    return {"kinds": kinds, "action": ctx.w(f"/activities/log/{type_.key}/{record.id}")}


ORDER: Final = ("call", "message", "visit", "meeting", "email", "note")


def timeline_values(
    ctx: Ctx, type_: RecordType, record: Any, page: timeline.Page, *, only: str = ""
) -> dict[str, Any]:
    """What the templates of a timeline need."""
    return {
        "entries": [entry_view(ctx, type_, record.id, entry) for entry in page.entries],
        "more_url": url(ctx, type_, record.id, only=only, after=page.next) if page.next else "",
        "groups": [("", ctx.t(N_("All")), url(ctx, type_, record.id))]
        + [
            (key, ctx.t(title), url(ctx, type_, record.id, only=key))
            for key, title in timeline.GROUPS.items()
        ],
        "only": only,
    }


def url(ctx: Ctx, type_: RecordType, record_id: UUID, **question: str) -> str:
    """The address of a part of a record's timeline."""
    asked = urlencode({name: value for name, value in question.items() if value})
    return ctx.w(f"/timeline/{type_.key}/{record_id}") + (f"?{asked}" if asked else "")


def entry_view(ctx: Ctx, type_: RecordType, record_id: UUID, entry: timeline.Entry) -> dict[str, Any]:
    """One entry as ui/timeline.html shows it."""
    stored = entry.stored
    if entry.activity is not None:
        return activity_view(ctx, type_, record_id, entry.activity, actor=entry.actor)
    is_other = stored.record_type != type_.key
    return {
        "id": str(stored.id),
        "icon": entry.kind.icon,
        "tone": TONES[entry.kind.tone],
        "title": entry.title,
        "url": _address(ctx, stored.record_type, stored.record_id) if is_other else "",
        "at": stored.occurred_at,
        "actor": entry.actor,
        "changes": [(change.title, change.before, change.after) for change in entry.changes],
    }


def activity_view(
    ctx: Ctx, type_: RecordType, record_id: UUID, activity: Activity, *, actor: str
) -> dict[str, Any]:
    """A logged activity as ui/timeline.html shows it: its kind, outcome and text, and the way to remove it."""
    outcome = next((choice for choice in OUTCOMES if choice.value == activity.outcome), None)
    kind = ctx.t(TITLES[activity.kind])
    may_remove = ctx.can("activities.delete") and activity.owner_id == ctx.actor.member_id
    is_said = activity.subject in {kind, (activity.body or "").strip()} or activity.body
    return {
        "id": str(activity.id),
        "icon": ICONS[activity.kind],
        "tone": KIND_TONES.get(activity.kind, "info"),
        "title": kind if is_said else f"{kind} · {activity.subject}",
        "url": ctx.w(f"/activities/{activity.id}") if activity.owner_id == ctx.actor.member_id else "",
        "outcome": (ctx.t(outcome.label), TONES[outcome.tone]) if outcome else None,
        "body": activity.body or "",
        "at": activity.occurred_at,
        "actor": actor,
        "remove_url": ctx.w(f"/activities/{activity.id}/remove/{type_.key}/{record_id}")
        if may_remove
        else "",
    }


def fresh(ctx: Ctx, type_: RecordType, activity: Activity) -> dict[str, Any]:
    """An activity that was logged just now, on top of the timeline it was logged on."""
    record_id = getattr(activity, f"{type_.key}_id")
    return activity_view(ctx, type_, record_id, activity, actor=ctx.actor.name)


def _address(ctx: Ctx, record_type: str, record_id: UUID) -> str:
    registry = ctx.machinery.registry
    type_ = registry.records.get(record_type)
    if type_ is None or not type_.pages or not ctx.can(f"{type_.permission}.view"):
        return ""
    return ctx.w(f"{registry.below(type_.plugin)}/{type_.path}/{record_id}")
