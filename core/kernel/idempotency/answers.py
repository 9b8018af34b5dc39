"""Claim a key, keep the answer, give it again.

Owns: the only statements on the tables `idempotency`.
Never does: commit. The answer is stored in the transaction of the effect, so that there is both or neither.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import msgspec
from sqlalchemy import text

from core.kernel.errors import BadRequest, Conflict, Invalid
from core.kernel.i18n import N_
from core.kernel.statements import Opens, Runs, Statement, Write, send

KEPT = timedelta(hours=24)
_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
_SEE_OTHER = 303
# Written out: composing these two anew for each write takes longer than running them.
_BEGIN = """
SELECT pg_try_advisory_xact_lock(hashtextextended({scope}, :seed)) AS is_ours,
       i.payload_digest, i.status, i.headers, i.body
FROM (SELECT 1) AS one
LEFT JOIN {table} AS i ON i.key_hash = :key_hash AND i.created_at > :since
"""
_IS_NEW = """SELECT 1 WHERE NOT pg_try_advisory_xact_lock(hashtextextended({scope}, {seed}))
 OR EXISTS (SELECT 1 FROM {table} WHERE key_hash = '\\x{key_hash}')"""
_STORE = """
INSERT INTO {table} AS i (key_hash, principal, route, payload_digest, status, headers, body, created_at)
VALUES (:key_hash, :principal, :route, :payload_digest, CAST(:status AS integer), CAST(:headers AS jsonb), :body,
        :created_at)
ON CONFLICT (key_hash) DO UPDATE
SET principal = excluded.principal, route = excluded.route, payload_digest = excluded.payload_digest,
    status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
WHERE i.created_at <= :until
RETURNING 1
"""
_KEPT_HEADERS = frozenset({"content-type", "location", "etag", "link", "content-language"})


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was given; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that is being answered for the first time."""

    key_hash: bytes
    principal: str
    route: str
    payload_digest: bytes
    at: datetime


class Replay(Exception):
    """Ends a request that was answered before: nothing is left to do but to give that answer again."""

    def __init__(self, answer: Stored) -> None:
        super().__init__("answered before")
        self.answer = answer


class Answer(Protocol):
    """What `store` needs of a response that is ready to be sent."""

    status_code: int
    body: bytes

    def encode_headers(self) -> Iterable[tuple[bytes, bytes]]:
        """Return names and values."""
        ...


class Answers:
    """The answers that one table keeps: a tenant's, or the control plane's."""

    def __init__(self, table: str, scope: str) -> None:
        self._is_new = partial(_IS_NEW.format, table=table, scope=scope)
        self._begin = Statement(text(_BEGIN.format(table=table, scope=scope)))
        self._store = _STORE.format(table=table)

    async def begin(
        self, session: Opens, *, key: str, principal: str, route: str, payload: bytes, now: datetime
    ) -> Pending:
        """Claim the key for this transaction.

        Raises Replay where the request was answered within the last day, Invalid (`idempotency.payload`) where
        the key came with other content, Conflict (`idempotency.running`) while the first request is running.
        """
        if not _KEY.fullmatch(key):
            raise BadRequest(
                N_("An idempotency key has 1 to 255 printable ASCII characters."), code="idempotency.key"
            )
        key_hash = hashlib.sha256("\0".join((principal, route, key)).encode()).digest()
        pending = Pending(key_hash, principal, route, hashlib.sha256(payload).digest(), now)
        # One round trip: an answer that is committed between this statement's snapshot and its lock is not seen
        # here, and is then met by `store`.
        seed = int.from_bytes(key_hash[:8], signed=True)
        if await session.finds_none(self._is_new(seed=seed, key_hash=key_hash.hex())):
            return pending
        values = {"seed": seed, "key_hash": key_hash, "since": now - KEPT}
        is_ours, payload_digest, status, headers, body = (await session.run(self._begin, values))[0]
        if not is_ours:
            raise _running()
        if status is None:
            return pending
        if payload_digest != pending.payload_digest:
            raise Invalid.field(
                "",
                "idempotency.payload",
                N_("This idempotency key was used for a request with other content."),
            )
        raise Replay(Stored(status, headers, body))

    def kept(self, pending: Pending, answer: Answer) -> Write | None:
        """What keeps the answer if it tells of success (2xx, or 303 after a form); to be written before the commit.

        Writing raises Conflict, which undoes the effect, where another transaction answered this key meanwhile.
        """
        body = getattr(answer, "body", None)
        if not (200 <= answer.status_code < 300 or answer.status_code == _SEE_OTHER) or not isinstance(
            body, bytes
        ):
            return None
        values = {
            "key_hash": pending.key_hash,
            "principal": pending.principal,
            "route": pending.route,
            "payload_digest": pending.payload_digest,
            "status": answer.status_code,
            "headers": msgspec.json.encode(_kept(answer.encode_headers())).decode(),
            "body": body,
            "created_at": pending.at,
            "until": pending.at - KEPT,
        }
        return Write((("kept_answer", self._store),), values, check=_met)

    async def store(self, session: Runs, pending: Pending, answer: Answer) -> None:
        """Keep the answer now; see :meth:`kept`."""
        found = self.kept(pending, answer)
        if found is not None:
            await send(session, [found])


TENANT = Answers("idempotency", "current_schema()")
CONTROL = Answers("control.idempotency", "'control'")
begin, kept, store = TENANT.begin, TENANT.kept, TENANT.store


def _met(count: int) -> None:
    if not count:
        raise _running()


def canonical(body: bytes, content_type: str) -> bytes:
    """Return a body without what differs between two equal sendings: the boundary of a multipart form."""
    found = re.search(r'boundary="?([^";,]{1,70})', content_type)
    return body.replace(found[1].encode(), b"") if found else body


def _running() -> Conflict:
    return Conflict(
        N_("A request with this idempotency key is still running."),
        code="idempotency.running",
        headers={"Retry-After": "1"},
    )


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return {name: value for name, value in found if name in _KEPT_HEADERS or name.startswith("hx-")}
