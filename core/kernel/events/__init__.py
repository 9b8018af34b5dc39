"""What happened in a tenant: event structs, their append-only tables, the timeline and the change feed.

Owns ``event``, ``event_link``, ``event_body``, ``event_position``, ``event_listener`` and ``handled``. Emits
nothing itself. Never changes a written event, and never knows what an event means.
"""

from core.kernel.events.feed import Moment, changes, find, find_all, head, history, timeline
from core.kernel.events.listening import hold, listen, unlisten
from core.kernel.events.log import LogQuery, conditions, log
from core.kernel.events.types import ActorRef, Event, Meta, Stored
from core.kernel.events.writing import coalesce, digest_of, verify, write, written

__all__ = [
    "ActorRef",
    "Event",
    "LogQuery",
    "Meta",
    "Moment",
    "Stored",
    "changes",
    "coalesce",
    "conditions",
    "digest_of",
    "find",
    "find_all",
    "head",
    "history",
    "hold",
    "listen",
    "log",
    "timeline",
    "unlisten",
    "verify",
    "write",
    "written",
]
