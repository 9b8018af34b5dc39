"""The sealed ticket of a shown page, and the proof of work that a browser adds to it.

Owns their forms. A ticket says when a page was shown and with which consent text; it opens for its own form
alone, and never after a day. Never remembers a ticket: that one is used once is the submission's unique nonce.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from core.sdk import opaque, secrets

LIFE: Final = timedelta(hours=24)
BITS: Final = {"low": 8, "normal": 14, "high": 17}
"""How many leading zero bits a proof must have: about 16,000 digests, a tenth of a second, by default."""
PROOF_MAX: Final = 20


class Ticket(msgspec.Struct, kw_only=True, frozen=True, array_like=True):
    """What a page carries: its number, the moment it was shown, the proof it asks for, the consent text."""

    nonce: str
    at: float
    bits: int
    consent: int = 0


class Question(msgspec.Struct, kw_only=True, frozen=True, array_like=True):
    """What a visitor without JavaScript is asked, for one held submission."""

    submission_id: str
    at: float
    sum: int


def seal(ctx: Any, form_id: UUID, word: str, ticket: Ticket | Question) -> str:
    """Seal a ticket for one form; ``word`` is the workspace's own, so changing it voids every open page."""
    sealed: str = ctx.cipher().encrypt(
        msgspec.json.encode(ticket).decode(), _place(ctx, form_id, word, ticket)
    )
    return sealed


def _place(ctx: Any, form_id: UUID, word: str, kind: Ticket | Question | type[Any]) -> str:
    # A copy of the workspace has the same forms, and the same key.
    name = kind.__name__ if isinstance(kind, type) else type(kind).__name__
    return f"{ctx.tenant.id}|marketing_forms|{name}|{form_id}|{word}"


def new_ticket(now: datetime, *, effort: str, consent: int) -> Ticket:
    """Make the ticket of a page that is shown now."""
    nonce = opaque() + opaque()
    return Ticket(nonce=nonce, at=now.timestamp(), bits=BITS.get(effort, BITS["normal"]), consent=consent)


def open_ticket(ctx: Any, form_id: UUID, word: str, sealed: str) -> Ticket | None:
    """Open a ticket; None for what is none, is another form's, or is too old."""
    found: Ticket | None = _opened(ctx, form_id, word, sealed, Ticket)
    return found


def open_question(ctx: Any, form_id: UUID, word: str, sealed: str) -> Question | None:
    """Open a question; None for what is none, is another form's, or is too old."""
    found: Question | None = _opened(ctx, form_id, word, sealed, Question)
    return found


def _opened(ctx: Any, form_id: UUID, word: str, sealed: str, kind: type[Any]) -> Any:
    try:
        plain = ctx.cipher().decrypt(sealed[:2_000], _place(ctx, form_id, word, kind))
        found = msgspec.json.decode(plain, type=kind)
    except (secrets.SealBrokenError, msgspec.MsgspecError, ValueError):
        return None
    age = ctx.now().timestamp() - found.at
    return found if -60 <= age <= LIFE.total_seconds() else None


def is_proof(sealed: str, proof: str, bits: int) -> bool:
    """Whether SHA-256 of the ticket and the proof begins with that many zero bits."""
    if not proof.isascii() or not proof.isdigit() or len(proof) > PROOF_MAX:
        return False
    digest = hashlib.sha256(f"{sealed}:{proof}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits) == 0


def work(sealed: str, bits: int) -> str:
    """Find a proof, as a browser does."""
    number = 0
    while not is_proof(sealed, str(number), bits):
        number += 1
    return str(number)


def address_mark(key: bytes, word: str, address: str) -> str:
    """Mark a sender's address so that it can be counted and not read; ``key`` is the workspace's own."""
    return hmac.new(key + word.encode(), address.encode(), hashlib.sha256).hexdigest()[:24]
