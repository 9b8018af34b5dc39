"""The verbs of forms; what visitors send is in service_submissions.py, what becomes of it in service_verdict.py."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from core.sdk import (
    N_,
    Conflict,
    Ctx,
    Event,
    FieldError,
    Invalid,
    changes,
    opaque,
    references,
)
from plugins.marketing.forms import queries
from plugins.marketing.forms.definition import Assignment, Field, completed, faults, plain_fields, spell
from plugins.marketing.forms.events import (
    FormClosed,
    FormCreated,
    FormDeleted,
    FormPublished,
    FormUpdated,
)
from plugins.marketing.forms.models import ConsentText, Form
from plugins.marketing.forms.schema import FormIn, FormPatch

PLUGIN: Final = "marketing.forms"
SLUG_MAX: Final = 60
HOST: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?(:\d{1,5})?", re.ASCII)
RESERVED: Final = frozenset({"embed", "confirm", "all"})


async def create(ctx: Ctx, data: FormIn) -> Form:
    """Draw up a form; it stays a draft until it is published. Emits ``marketing.forms.form.created``."""
    language = data.language or ("zh_CN" if ctx.locale == "zh_CN" else "en")
    fields = completed(data.fields if data.fields is not None else _usual(ctx, language))
    slug, errors = await _address(ctx, data.slug or "", data.name)
    hosts, wrong = _hosts(data.embed_hosts)
    errors += wrong + faults(fields) + await _assigned(ctx, data.assignment)
    if errors:
        raise Invalid(errors=errors)
    consent = data.consent_text if data.consent_text is not None else ctx.settings(PLUGIN).consent_text
    values = {
        **changes.fields(data),
        "slug": slug,
        "language": language,
        "fields": msgspec.to_builtins(fields),
        "assignment": msgspec.to_builtins(data.assignment),
        "consent_text": consent,
        "embed_hosts": hosts,
    }
    form = Form(**values, created_by_id=ctx.actor.member_id, updated_by_id=ctx.actor.member_id)
    ctx.session.add(form)
    await ctx.session.flush()
    _tell(ctx, FormCreated, form)
    return form


async def update(ctx: Ctx, form: Form, patch: FormPatch) -> Form:
    """Change a form's draft or rules. Emits ``marketing.forms.form.updated`` where something changed."""
    await ctx.require("marketing.forms.edit", form)
    errors: list[FieldError] = []
    changed: dict[str, Any] = {}
    if isinstance(patch.fields, list):
        fields = completed(patch.fields)
        errors += faults(fields)
        changed["fields"] = msgspec.to_builtins(fields)
    if isinstance(patch.assignment, Assignment):
        errors += await _assigned(ctx, patch.assignment)
        changed["assignment"] = msgspec.to_builtins(patch.assignment)
    if isinstance(patch.embed_hosts, list):
        changed["embed_hosts"], wrong = _hosts(patch.embed_hosts)
        errors += wrong
    if isinstance(patch.slug, str):
        changed["slug"], wrong = await _address(ctx, patch.slug, form.name, form.id)
        errors += wrong
    if patch.language is None:
        changed["language"] = UNSET
    if errors:
        raise Invalid(errors=errors)
    made = changes.apply(form, msgspec.structs.replace(patch, **changed))
    if made:
        form.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, FormUpdated, form, changes=made)
    return form


async def publish(ctx: Ctx, form: Form) -> Form:
    """Let visitors see a form as its draft is now; a new consent text gets the next version.

    Emits ``marketing.forms.form.published``. Raises Invalid where there is nothing to fill in.
    """
    await ctx.require("marketing.forms.edit", form)
    fields = queries.fields_of(form)
    errors = faults(fields)
    if not any(field.type != "hidden" for field in fields):
        errors.append(FieldError("fields", "required", N_("Add a field before you publish the form.")))
    if errors:
        raise Invalid(errors=errors)
    content = queries.content_of(form, await _consent_version(ctx, form))
    form.published = msgspec.to_builtins(content)
    form.state, form.published_at = "published", ctx.now()
    form.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    _tell(ctx, FormPublished, form, slug=form.slug)
    return form


async def close(ctx: Ctx, form: Form) -> Form:
    """Take no more submissions; publishing opens the form again. Emits ``marketing.forms.form.closed``."""
    await ctx.require("marketing.forms.edit", form)
    if form.state != "published":
        raise Conflict(N_("This form is not published."), code="marketing.forms.not_published")
    form.state, form.updated_by_id = "closed", ctx.actor.member_id
    await ctx.session.flush()
    _tell(ctx, FormClosed, form)
    return form


async def delete(ctx: Ctx, form: Form) -> None:
    """Move a form to the bin; its page is gone at once. Emits ``marketing.forms.form.deleted``."""
    await ctx.require("marketing.forms.delete", form)
    form.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, FormDeleted, form)


async def restore(ctx: Ctx, form: Form) -> None:
    """Take a form out of the bin, with another address where its own is taken.

    Emits ``marketing.forms.form.deleted``, as of its way out.
    """
    await ctx.require("marketing.forms.delete", form)
    if await queries.is_taken(ctx, form.slug, but=form.id):
        form.slug = await _free(ctx, form.slug)
    form.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, FormDeleted, form, is_back=True)


async def _consent_version(ctx: Ctx, form: Form) -> int:
    if not form.consent_text:
        return 0
    last = await queries.last_consent(ctx, form.id)
    if last is not None and last.text == form.consent_text:
        return last.number
    number = last.number + 1 if last is not None else 1
    ctx.session.add(
        ConsentText(form_id=form.id, number=number, text=form.consent_text, created_by_id=ctx.actor.member_id)
    )
    return number


def _usual(ctx: Ctx, language: str) -> list[Field]:
    t = ctx.machinery.translator(language).gettext
    return [msgspec.structs.replace(field, label=t(field.label)) for field in plain_fields()]


async def _address(
    ctx: Ctx, wanted: str, name: str, form_id: UUID | None = None
) -> tuple[str, list[FieldError]]:
    """The address of a form: the wanted one, spelt in Latin letters, or one after its name that is free."""
    slug = spell(wanted)[:SLUG_MAX].strip("-")
    if not wanted:
        return await _free(ctx, spell(name)[:SLUG_MAX].strip("-") or opaque()), []
    if not slug or slug in RESERVED:
        return slug, [FieldError("slug", "pattern", N_("Choose another address."))]
    if await queries.is_taken(ctx, slug, but=form_id):
        return slug, [FieldError("slug", "taken", N_("Another form has this address."))]
    return slug, []


async def _free(ctx: Ctx, slug: str) -> str:
    taken = await queries.slugs_like(ctx, slug) | RESERVED
    names = (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


async def _assigned(ctx: Ctx, rule: Assignment) -> list[FieldError]:
    """What is wrong with a rule of assignment: members who are not there, nobody to choose from."""
    named = {*rule.members, *(answer.member_id for answer in rule.answers)}
    errors = await references.no_member(ctx, named, path="assignment.members")
    if rule.kind in {"member", "turns"} and not rule.members:
        errors.append(FieldError("assignment.members", "required", N_("Choose at least one member.")))
    if rule.kind == "unit" and rule.unit is None:
        errors.append(FieldError("assignment.unit", "required", N_("Choose a unit.")))
    if rule.kind == "answer" and not (rule.field and rule.answers):
        errors.append(FieldError("assignment.answers", "required", N_("Say which answer leads to whom.")))
    return errors


def _hosts(hosts: list[str]) -> tuple[list[str], list[FieldError]]:
    """Host names of web sites without what people paste around them, and what is wrong with them."""
    bare = [host.lower().removeprefix("https://").removeprefix("http://").partition("/")[0] for host in hosts]
    wrong = N_("Enter the names of web sites, such as www.example.com")
    errors = [
        FieldError(f"embed_hosts.{at}", "pattern", wrong)
        for at, host in enumerate(bare)
        if not HOST.fullmatch(host)
    ]
    return list(dict.fromkeys(bare)), errors


def _tell(ctx: Ctx, event: type[Event], form: Form, **more: Any) -> None:
    ctx.emit(event(subject_id=form.id, label=form.name, **more))
