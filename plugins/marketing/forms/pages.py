"""The pages of one form: its builder with a preview, its rules, and where it is and how it does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from core.sdk import (
    N_,
    AppError,
    Controller,
    Ctx,
    Request,
    Response,
    Unit,
    cells,
    form_values,
    get,
    lists,
    post,
    redirect,
    render,
    runtime_of,
    toast,
)
from plugins.marketing.forms import drafts, exports, queries, rules, service
from plugins.marketing.forms.definition import FITTING, KIND_TITLES, OPERATION_TITLES, TARGET_TITLES
from plugins.marketing.forms.models import ACCENTS, Form
from plugins.marketing.forms.records import FORM, STATES
from plugins.marketing.forms.sending import EXTENSIONS, FILE_MAX

Any_ = Request[Any, Any, Any]
ACCENT_TITLES: Final = {
    "blue": N_("Blue"),
    "teal": N_("Teal"),
    "green": N_("Green"),
    "amber": N_("Amber"),
    "red": N_("Red"),
    "pink": N_("Pink"),
    "purple": N_("Purple"),
    "grey": N_("Grey"),
}


class FormPages(Controller):
    """One form."""

    path = "/forms/{record_id:uuid}"
    include_in_schema = False

    @get("/", permission="marketing.forms.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show the builder and what the form looks like."""
        form: Form = await lists.get(ctx, FORM, record_id, deleted=True)
        return _builder(ctx, request, form, drafts.of_form(form))

    @post("/build", permission="marketing.forms.edit")
    async def build(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Add, remove or move a field without saving; or save, and publish where that was asked."""
        form: Form = await lists.get(ctx, FORM, record_id, action="edit")
        sent = await form_values(request)
        draft, action = drafts.of_sent(sent), str(sent.get("action", "save"))
        if action.partition(":")[0] in {"add", "remove", "up", "down"}:
            kind = action.partition(":")[2]
            label = ctx.t(KIND_TITLES[kind]) if kind in KIND_TITLES else ""
            return _builder(ctx, request, form, drafts.changed(draft, action, label))
        try:
            rules.check_version(sent, form)
            await service.update(ctx, form, drafts.patch_of(draft))
            if action == "publish":
                await service.publish(ctx, form)
        except AppError as error:
            return _builder(ctx, request, form, draft, error=error)
        text = (
            ctx.t(N_("The form is published.")) if action == "publish" else ctx.t(N_("The draft is saved."))
        )
        return toast(redirect(request, _place(ctx, f"/{form.id}")), text)

    @post("/preview", permission="marketing.forms.view")
    async def preview(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show what a draft looks like, without saving it."""
        form: Form = await lists.get(ctx, FORM, record_id)
        return _preview(ctx, request, form, drafts.of_sent(await form_values(request)))

    @post("/close", permission="marketing.forms.edit")
    async def close(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Take no more submissions."""
        form: Form = await lists.get(ctx, FORM, record_id, action="edit")
        await service.close(ctx, form)
        return toast(redirect(request, _place(ctx, f"/{form.id}")), ctx.t(N_("The form is closed.")))

    @get("/rules", permission="marketing.forms.view")
    async def show_rules(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show where leads go, who is told, and what keeps programs out."""
        form: Form = await lists.get(ctx, FORM, record_id)
        return await _rules(ctx, request, form, rules.of_form(form))

    @post("/rules", permission="marketing.forms.edit")
    async def change_rules(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Change the rules; they hold at once."""
        form: Form = await lists.get(ctx, FORM, record_id, action="edit")
        sent = await form_values(request)
        try:
            rules.check_version(sent, form)
            await service.update(ctx, form, rules.patch_of(sent))
        except AppError as error:
            return await _rules(ctx, request, form, rules.of_sent(sent), error=error)
        return toast(redirect(request, _place(ctx, f"/{form.id}/rules")), ctx.t(N_("The rules are saved.")))

    @get("/results", permission="marketing.forms.view")
    async def results(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show the form's address, its snippet, and how often it was seen and sent."""
        form: Form = await lists.get(ctx, FORM, record_id)
        public = runtime_of(request).settings.public_url
        days = await queries.by_day(ctx, form.id)
        return render(
            ctx,
            request,
            "marketing_forms/results.html",
            url=f"{public}/p/{ctx.tenant.slug}/marketing/forms/{form.slug}",
            stats=await queries.stats(ctx, form.id),
            days=[
                (datetime.combine(on, datetime.min.time(), tzinfo=UTC), views, sent)
                for on, views, sent in days
            ],
            **_frame(ctx, form, "results"),
        )

    @get("/submissions.csv", permission="marketing.submissions.export")
    async def export(self, ctx: Ctx, record_id: UUID) -> Response[bytes]:
        """Give the newest submissions with their answers as a spreadsheet."""
        form: Form = await lists.get(ctx, FORM, record_id)
        rows = await exports.rows(ctx, form)
        headers = {"Content-Disposition": f'attachment; filename="{form.slug}.csv"'}
        content = (cells.MARK + cells.csv_text(rows)).encode()
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _place(ctx: Ctx, path: str = "") -> str:
    return ctx.w(f"/marketing/forms/forms{path}")


def _frame(ctx: Ctx, form: Form, tab: str) -> dict[str, Any]:
    address = _place(ctx, f"/{form.id}")
    sent = f"{ctx.w('/marketing/forms/submissions')}?f=form_id:eq:{form.id}"
    return {
        "form": form,
        "address": address,
        "tab": tab,
        "tabs": [
            ("build", ctx.t(N_("Form")), address),
            ("rules", ctx.t(N_("Rules")), f"{address}/rules"),
            ("results", ctx.t(N_("Share and results")), f"{address}/results"),
            ("sent", ctx.t(N_("Submissions")), sent),
        ],
        "list_url": _place(ctx),
        "states": [(choice.value, choice.label, choice.tone) for choice in STATES],
        "has_changes": queries.has_changes(form),
        "may_edit": ctx.can("marketing.forms.edit") and form.deleted_at is None,
        "may_delete": ctx.can("marketing.forms.delete"),
        "public_path": f"/p/{ctx.tenant.slug}/marketing/forms/{form.slug}",
    }


def _shown(form: Form, draft: drafts.Draft) -> dict[str, Any]:
    return {
        "content": drafts.content_of(form, draft),
        "accepts": EXTENSIONS,
        "file_mb": FILE_MAX // 2**20,
    }


def _builder(
    ctx: Ctx, request: Any_, form: Form, draft: drafts.Draft, *, error: AppError | None = None
) -> Response[Any]:
    if error is not None:
        ctx.roll_back()
    return render(
        ctx,
        request,
        "marketing_forms/builder.html",
        status=error.status if error else 200,
        draft=draft,
        error=error,
        errors=error.errors if error else (),
        kinds=KIND_TITLES,
        targets=TARGET_TITLES,
        fitting=FITTING,
        operations=OPERATION_TITLES,
        accents=[(accent, ACCENT_TITLES[accent]) for accent in ACCENTS],
        version=form.version,
        **_frame(ctx, form, "build"),
        **_shown(form, draft),
    )


def _preview(ctx: Ctx, request: Any_, form: Form, draft: drafts.Draft) -> Response[Any]:
    shown = _shown(form, draft)
    return render(ctx, request, "marketing_forms/preview.html", form=form, **shown)


async def _rules(
    ctx: Ctx, request: Any_, form: Form, values: dict[str, Any], *, error: AppError | None = None
) -> Response[Any]:
    if error is not None:
        ctx.roll_back()
    units = await ctx.session.execute(select(Unit.id, Unit.name).order_by(Unit.name))
    return render(
        ctx,
        request,
        "marketing_forms/rules.html",
        status=error.status if error else 200,
        values=values,
        error=error,
        errors=error.errors if error else (),
        members=await queries.members(ctx),
        units=[(str(row[0]), row[1]) for row in units],
        fields=queries.fields_of(form),
        version=form.version,
        **_frame(ctx, form, "rules"),
    )
