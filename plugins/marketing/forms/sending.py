"""Reads a visitor's request: the page's ticket, the proof, where it came from, the answers, the files.

Owns the names of the inputs that a page adds to the form's own. Stores files, never rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.datastructures import UploadFile

from core.sdk import N_, AppError, Ctx, FieldError, Request, attachments, files, form_values
from plugins.marketing.forms import tickets
from plugins.marketing.forms.answers import Answers, read
from plugins.marketing.forms.definition import TRAP, Content, Field
from plugins.marketing.forms.queries import PublicForm
from plugins.marketing.forms.service import PLUGIN
from plugins.marketing.forms.service_submissions import Evidence

BODY_MAX: Final = 256 * 1024
FILE_MAX: Final = 8 * 1024 * 1024
FILES_MAX: Final = 5
UTM: Final = ("source", "medium", "campaign", "term", "content")
OWN: Final = frozenset(
    {"_ticket", "_proof", "_embed", "_page", "_referrer", *(f"_utm_{n}" for n in UTM), TRAP}
)
IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/heic"})
DOCUMENTS: Final = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "text/plain",
        "text/csv",
    }
)
ACCEPTED: Final[Mapping[str, frozenset[str]]] = {
    "images": IMAGES,
    "documents": DOCUMENTS | {"image/png", "image/jpeg"},
    "any": IMAGES | DOCUMENTS | {"application/zip"},
}
EXTENSIONS: Final[Mapping[str, str]] = {
    "images": "image/*",
    "documents": ".pdf,.doc,.docx,.xls,.xlsx,.pptx,.txt,.csv,.png,.jpg,.jpeg",
    "any": "",
}
Any_ = Request[Any, Any, Any]


class TooLarge(AppError):
    """More than a form without files can hold."""

    status = 413
    code = "request.too_large"
    title = N_("This is too much to send")


@dataclass(slots=True)
class Sending:
    """A form as it was sent: its answers with all that is wrong, the evidence, the files that were stored.

    ``content`` is the form's, except that no file is asked for where there may be no room for it.
    """

    content: Content
    answers: Answers
    evidence: Evidence | None
    origin: dict[str, str]
    is_embedded: bool
    files: list[tuple[str, files.Stored]] = field(default_factory=list)
    room: int | None = None


def origin_of(request: Any_) -> dict[str, str]:
    """Where a visitor comes from, for the hidden inputs of the page: page, referrer, campaign."""
    query = request.query_params
    found = {f"_utm_{name}": query.get(f"utm_{name}", "") for name in UTM}
    found["_page"] = query.get("page", "")
    found["_referrer"] = query.get("referrer", "") or request.headers.get("referer", "")
    return {name: _line(value) for name, value in found.items()}


def _line(value: Any) -> str:
    """One line of text for a row: neither control characters nor more than an address needs."""
    return "".join(mark for mark in str(value)[:1_000] if mark.isprintable())[:500]


async def receive(ctx: Ctx, request: Any_, form: PublicForm, content: Content) -> Sending:
    """Read a request; what is wrong is among the errors of the answers. Stores files only where nothing is."""
    if not content.has_files and len(await request.body()) > BODY_MAX:
        raise TooLarge
    room = await attachments.room(ctx) if content.has_files else None
    if room is not None and room < FILE_MAX:
        content = content.without_duty_of_files()
    sent = await form_values(request)
    uploads = {name: _uploads(value) for name, value in sent.items() if _uploads(value)}
    own = {name: str(_last(sent.get(name, ""))) for name in OWN}
    ours = {one.key for one in content.fields if one.type == "file"}
    given = {k: v for k, v in sent.items() if k not in OWN and k not in uploads and k not in ours}
    arrived = {name: len(some) for name, some in uploads.items()}
    answers = read(content, given, region=ctx.tenant.country or "CN", files=arrived)
    origin = {name: _line(own[name]) for name in own if name not in {"_ticket", "_proof", "_embed", TRAP}}
    evidence = _evidence(ctx, request, form, own)
    if evidence is None:
        text = N_("This page was open for too long. Please check your answers and send them again.")
        answers.errors.append(FieldError("_form", "expired", text))
    sending = Sending(content, answers, evidence, origin, own["_embed"] == "1", room=room)
    if evidence is not None:
        evidence.page, evidence.referrer = origin["_page"] or None, origin["_referrer"] or None
        evidence.utm = {name: origin[f"_utm_{name}"] for name in UTM}
    if not answers.errors:
        await _store(ctx, content, uploads, sending)
    return sending


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, list) else value


def _uploads(value: Any) -> list[UploadFile]:
    some = value if isinstance(value, list) else [value]
    return [one for one in some if isinstance(one, UploadFile) and one.filename]


def _evidence(ctx: Ctx, request: Any_, form: PublicForm, own: Mapping[str, str]) -> Evidence | None:
    word = ctx.settings(PLUGIN).signing_word
    ticket = tickets.open_ticket(ctx, form.id, word, own["_ticket"])
    if ticket is None:
        return None
    address = request.client.host if request.client else ""
    return Evidence(
        nonce=ticket.nonce,
        seconds=max(0, int(ctx.now().timestamp() - ticket.at)),
        is_trapped=bool(own[TRAP]),
        is_proven=tickets.is_proof(own["_ticket"], own["_proof"], ticket.bits),
        consent_version=ticket.consent,
        address_mark=tickets.address_mark(ctx.tenant.key, word, address),
    )


async def _store(
    ctx: Ctx, content: Content, uploads: Mapping[str, list[UploadFile]], sending: Sending
) -> None:
    """Put the files of fields that show into the store, each sniffed; whatever is not wanted is an error."""
    known = {one.key: one for one in content.fields if one.type == "file"}
    for name, some in uploads.items():
        if len(some) > FILES_MAX:
            error = FieldError(name, "too_many", N_("At most {most} files."), {"most": FILES_MAX})
            sending.answers.errors.append(error)
            continue
        for upload in some:
            await _keep(ctx, known[name], upload, sending)


async def _keep(ctx: Ctx, one: Field, upload: UploadFile, sending: Sending) -> None:
    errors = sending.answers.errors
    content = await upload.read()
    if not content:
        errors.append(FieldError(one.key, "file.empty", N_("The file is empty.")))
        return
    kind = files.sniff(content[:8192], files.safe_name(upload.filename))
    if kind not in ACCEPTED[one.accept]:
        errors.append(FieldError(one.key, "file.kind", N_("Files of this kind are not taken here.")))
        return
    if sending.room is not None and len(content) > sending.room:
        text = N_("There is no room left for this file. Everything else can be sent without it.")
        errors.append(FieldError(one.key, "file.no_room", text))
        return
    try:
        stored = await ctx.machinery.files.save(
            ctx.tenant.schema, content, upload.filename, max_bytes=FILE_MAX
        )
    except AppError as error:
        errors += [FieldError(one.key, e.code, e.message, e.params) for e in error.errors]
        return
    sending.files.append((one.key, stored))
    sending.room = None if sending.room is None else sending.room - len(content)
