"""How the events of deals read on a timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.ext.specs import TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline.deals import events

EVENTS: list[type[Event]] = [
    events.DealCreated,
    events.DealUpdated,
    events.DealStageChanged,
    events.DealWon,
    events.DealLost,
    events.DealReopened,
    events.DealDeleted,
    events.DealRestored,
]


def _plain(stored: Any, t: Callable[..., str]) -> str:
    return t(type(stored).summary)


def _moved(stored: Any, t: Callable[..., str]) -> str:
    if not stored.to_stage:
        return _plain(stored, t)
    return t(
        N_("{deal}: from {before} to {after}"),
        deal=stored.label,
        before=stored.from_stage or "–",
        after=stored.to_stage,
    )


def _won(stored: Any, t: Callable[..., str]) -> str:
    if stored.reason:
        return t(N_("{deal} was won: {reason}"), deal=stored.label, reason=stored.reason)
    return t(N_("{deal} was won"), deal=stored.label)


def _lost(stored: Any, t: Callable[..., str]) -> str:
    if stored.competitor:
        return t(
            N_("{deal} was lost to {competitor}: {reason}"),
            deal=stored.label,
            competitor=stored.competitor,
            reason=stored.reason,
        )
    return t(N_("{deal} was lost: {reason}"), deal=stored.label, reason=stored.reason)


TIMELINE: list[TimelineKind] = [
    TimelineKind(event="deal.created", icon="handshake", summary=_plain),
    TimelineKind(event="deal.updated", icon="pencil", summary=_plain),
    TimelineKind(
        event="deal.stage_changed",
        icon="git-commit-horizontal",
        summary=_moved,
        tone="info",
        tells_all=True,
    ),
    TimelineKind(event="deal.won", icon="trophy", summary=_won, tone="success"),
    TimelineKind(event="deal.lost", icon="thumbs-down", summary=_lost, tone="danger"),
    TimelineKind(event="deal.reopened", icon="rotate-ccw", summary=_plain),
    TimelineKind(event="deal.deleted", icon="trash-2", summary=_plain),
    TimelineKind(event="deal.restored", icon="undo-2", summary=_plain),
]
