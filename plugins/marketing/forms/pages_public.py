"""What visitors see: a form on a page of its own or inside another site, its thanks, the question to the scriptless."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from core.sdk import (
    Controller,
    Ctx,
    Limit,
    NotFound,
    Request,
    Response,
    form_values,
    get,
    post,
    render,
    runtime_of,
)
from plugins.marketing.forms import queries, sending, service_submissions, tickets
from plugins.marketing.forms.answers import Answers
from plugins.marketing.forms.definition import Content
from plugins.marketing.forms.drawing import drawn_once
from plugins.marketing.forms.queries import PublicForm
from plugins.marketing.forms.sending import Sending
from plugins.marketing.forms.service import PLUGIN
from plugins.marketing.forms.service_submissions import Received

Any_ = Request[Any, Any, Any]
HOUR_S: Final = 3600
BODY_MAX: Final = 25 * 1024 * 1024
SCRIPT: Final = Path(__file__).parent / "static" / "marketing_forms" / "embed.js"
PREFILL_MAX: Final = 500
EMBEDDED: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)


class PublicForms(Controller):
    """One published form."""

    path = "/{slug:str}"
    include_in_schema = False

    @get("/", public=True, records=True)
    async def show(self, ctx: Ctx, request: Any_, slug: str) -> Response[Any]:
        """Show a form on a page of its own."""
        return await _show(ctx, request, slug, is_embedded=False)

    @get("/embed", public=True, records=True)
    async def embedded(self, ctx: Ctx, request: Any_, slug: str) -> Response[Any]:
        """Show a form inside another site's page."""
        return await _show(ctx, request, slug, is_embedded=True)

    @get("/embed.js", public=True)
    async def script(self, ctx: Ctx, slug: str) -> Response[bytes]:
        """Give the script that puts the form where it stands on another site's page."""
        await queries.by_slug(ctx, slug)
        headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(_script(), media_type="text/javascript; charset=utf-8", headers=headers)

    @post("/", public=True, request_max_body_size=BODY_MAX)
    async def send(self, ctx: Ctx, request: Any_, slug: str) -> Response[Any]:
        """Take what a visitor sends: store it first, and say thanks, or ask whom no script has vouched for."""
        form, content = await _form(ctx, slug)
        if form.state != "published":
            return _page(ctx, request, form, content, "marketing_forms/closed.html", status=410)
        await _refuse_flood(ctx, request, form)
        sent = await sending.receive(ctx, request, form, content)
        if sent.answers.errors or sent.evidence is None:
            ctx.roll_back()
            return _fill_in(ctx, request, form, sent.content, sent=sent)
        received = await service_submissions.receive(
            ctx, form, content, sent.answers, sent.evidence, sent.files
        )
        return _answer(ctx, request, form, content, received, is_embedded=sent.is_embedded)

    @post("/confirm", public=True)
    async def confirm(self, ctx: Ctx, request: Any_, slug: str) -> Response[Any]:
        """Take the answer to the question that only people without JavaScript are asked."""
        form, content = await _form(ctx, slug)
        await _refuse_flood(ctx, request, form)
        values = await form_values(request)
        word = ctx.settings(PLUGIN).signing_word
        question = tickets.open_question(ctx, form.id, word, str(values.get("_question", "")))
        if question is None:
            raise NotFound
        is_right = str(values.get("answer", "")).strip() == str(question.sum)
        state = await service_submissions.release(ctx, form, UUID(question.submission_id), is_right=is_right)
        received = Received(id=UUID(question.submission_id), state=state)
        return _answer(
            ctx,
            request,
            form,
            content,
            received,
            is_embedded=values.get("_embed") == "1",
            is_wrong=not is_right,
        )


@cache
def _script() -> bytes:
    return SCRIPT.read_bytes()


async def _form(ctx: Ctx, slug: str) -> tuple[PublicForm, Content]:
    form, content = await queries.by_slug(ctx, slug)
    ctx.locale = content.language
    return form, content


async def _show(ctx: Ctx, request: Any_, slug: str, *, is_embedded: bool) -> Response[Any]:
    form, content = await _form(ctx, slug)
    if form.state != "published":
        return _page(
            ctx, request, form, content, "marketing_forms/closed.html", status=410, is_embedded=is_embedded
        )
    await service_submissions.saw(ctx, form)
    return _fill_in(ctx, request, form, content, is_embedded=is_embedded)


async def _refuse_flood(ctx: Ctx, request: Any_, form: PublicForm) -> None:
    """Count a sending against what one address may send; raises TooManyRequests."""
    if not form.per_hour:
        return
    client = request.client.host if request.client else "unknown"
    limit = Limit("form", f"marketing.forms:{ctx.tenant.id}:{form.id}:{client}", form.per_hour, HOUR_S)
    (await runtime_of(request).limiter.hit_all([limit])).require()


def _fill_in(
    ctx: Ctx,
    request: Any_,
    form: PublicForm,
    content: Content,
    *,
    sent: Sending | None = None,
    is_embedded: bool = False,
) -> Response[Any]:
    """The form to fill in, or again with what was sent and all that is wrong with it, under a fresh ticket."""
    word = ctx.settings(PLUGIN).signing_word
    # Whoever corrects an answer has been here for as long as before.
    spent = timedelta(seconds=sent.evidence.seconds or 0) if sent and sent.evidence else timedelta()
    ticket = tickets.new_ticket(ctx.now() - spent, effort=form.effort, consent=content.consent_version)
    answers = sent.answers if sent else _prefilled(request, content)
    inputs = {
        "_ticket": tickets.seal(ctx, form.id, word, ticket),
        **(sent.origin if sent else sending.origin_of(request)),
    }
    is_plain = not sent and not request.query_params.keys() & {one.key for one in content.fields}
    return _page(
        ctx,
        request,
        form,
        content,
        "marketing_forms/form.html",
        status=422 if sent else 200,
        is_embedded=sent.is_embedded if sent else is_embedded,
        is_plain=is_plain,
        inputs=inputs,
        answers=answers,
        errors=answers.errors,
        bits=ticket.bits,
        accepts=sending.EXTENSIONS,
        file_mb=sending.FILE_MAX // 2**20,
    )


def _prefilled(request: Any_, content: Content) -> Answers:
    """What the address of the page or the form itself proposes."""
    asked = {key: value[:PREFILL_MAX] for key, value in request.query_params.items()}
    proposed = {one.key: asked.get(one.key, one.value) for one in content.fields}
    several = {one.key for one in content.fields if one.type == "multi"}
    return Answers({key: [value] if key in several else value for key, value in proposed.items()})


def _answer(
    ctx: Ctx,
    request: Any_,
    form: PublicForm,
    content: Content,
    received: Received,
    **more: bool,
) -> Response[Any]:
    """Say thanks, or that the page was sent before, or ask what a program does not read."""
    if received.is_other:
        return _page(ctx, request, form, content, "marketing_forms/sent.html", status=409, **more)
    if received.state != "held":
        return _page(ctx, request, form, content, "marketing_forms/thanks.html", is_plain=True, **more)
    word = ctx.settings(PLUGIN).signing_word
    one, other = 2 + received.id.bytes[-1] % 7, 2 + received.id.bytes[-2] % 7
    question = tickets.Question(submission_id=str(received.id), at=ctx.now().timestamp(), sum=one + other)
    sealed = tickets.seal(ctx, form.id, word, question)
    shown = {"question": sealed, "one": one, "other": other}
    return _page(ctx, request, form, content, "marketing_forms/question.html", **more, **shown)


def _page(
    ctx: Ctx,
    request: Any_,
    form: PublicForm,
    content: Content,
    template: str,
    **values: Any,
) -> Response[Any]:
    status, inputs = values.pop("status", 200), values.pop("inputs", {})
    is_embedded, is_plain = values.pop("is_embedded", False), values.pop("is_plain", False)
    headers = {"Referrer-Policy": "strict-origin-when-cross-origin"}
    if is_embedded:
        headers["Content-Security-Policy"] = EMBEDDED + (" ".join(form.embed_hosts) or "*")
    place = f"/p/{ctx.tenant.slug}/marketing/forms/{form.slug}"
    shown = {"content": content, "place": place, "is_embedded": is_embedded, "is_wrong": False, **values}
    drawn = partial(render, ctx, request, template, status=status, headers=headers, **shown)
    if not is_plain:
        return drawn(inputs=inputs)
    key = (template, place, ctx.tenant.name, form.effort, is_embedded, shown["is_wrong"], headers, form.text)
    return drawn_once(repr(key), inputs, drawn)
