"""What has to be said before a deal may move or end: the gate's fields, the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response

from core.kernel.errors import AppError, Invalid
from core.kernel.i18n import N_
from core.pipeline import queries
from core.pipeline.deals.records import DEAL
from core.pipeline.deals.schema import DealPatch
from core.pipeline.models import Deal, Stage
from core.records import labels
from core.records.forms import FormSpec
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.asking import ask

Any_ = Request[Any, Any, Any]
HIDDEN = ("stage", "before", "after")


async def ask_for_gate(
    ctx: Ctx, request: Any_, deal: Deal, stage: Stage, *, error: Invalid, sent: Mapping[str, Any]
) -> Response[Any]:
    """Ask for the fields that a stage demands and the deal lacks."""
    ctx.roll_back()
    # Names may still be read, but what the refused attempt left in the session must not be written.
    with ctx.session.no_autoflush:
        spec = FormSpec(ctx, DEAL, DealPatch, deal, sent)
        names = await labels.resolve(ctx, spec.targets())
        offers = await labels.choices(ctx, spec.columns(), most=200)
    wanted = {item.path for item in error.errors} | (set(sent) & set(stage.required_fields))
    fields = [{**view, "required": True} for view in spec.views(names, offers) if view["name"] in wanted]
    hidden = [{"name": name, "kind": "hidden", "title": ""} for name in HIDDEN]
    is_first = error.code == "deal.gate"
    return ask(
        ctx,
        request,
        title=ctx.t(N_("{stage} needs more about the deal"), stage=stage.name),
        text=deal.name,
        fields=[*fields, *hidden],
        values={**spec.values(), **sent, "stage": str(stage.id)},
        action=place(ctx, DEAL, f"/{deal.id}/move"),
        submit=ctx.t(N_("Move")),
        back=(deal.name, place(ctx, DEAL, f"/{deal.id}")),
        error=error,
        errors=() if is_first and not wanted & set(sent) else error.errors,
    )


async def ask_why(
    ctx: Ctx,
    request: Any_,
    deal: Deal,
    outcome: str,
    *,
    error: AppError | None = None,
    sent: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """Ask why a deal was won or lost."""
    reasons = await queries.reasons(ctx, outcome)
    is_lost = outcome == "lost"
    fields: list[dict[str, Any]] = [
        {
            "name": "close_reason_id",
            "kind": "choice",
            "title": N_("Reason"),
            "required": is_lost,
            "options": [(str(reason.id), reason.name) for reason in reasons],
        }
    ]
    if is_lost:
        fields.append({"name": "competitor", "kind": "text", "title": N_("Competitor"), "max_length": 200})
    title = N_("Why was this deal lost?") if is_lost else N_("Why was this deal won?")
    return ask(
        ctx,
        request,
        title=ctx.t(title),
        text=deal.name,
        fields=fields,
        values=sent or {"competitor": deal.competitor},
        action=place(ctx, DEAL, f"/{deal.id}/close/{outcome}"),
        submit=ctx.t(N_("Mark as lost")) if is_lost else ctx.t(N_("Mark as won")),
        back=(deal.name, place(ctx, DEAL, f"/{deal.id}")),
        error=error,
    )
