"""The forms of the settings of selling: fields, present values, and reading back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from core.ext.specs import RecordType
from core.kernel import money
from core.kernel.i18n import N_
from core.pipeline.models import Pipeline, Stage
from core.pipeline.schema import Gate
from core.records.forms import FormSpec
from core.tenancy.ctx import Ctx

LEFT_OUT: Final = frozenset({"position"})
HIDDEN: Final = frozenset({"pipeline_id", "outcome"})
_TITLES: Final[Mapping[str, str]] = {
    "amount_minor": N_("Amount"),
    "expected_close_on": N_("Expected close"),
    "customer_id": N_("Customer"),
    "contact_id": N_("Contact"),
    "competitor": N_("Competitor"),
    "source": N_("Source"),
    "next_follow_up_on": N_("Next follow-up"),
    "notes": N_("Notes"),
}
GATES: Final = tuple((name, _TITLES[name]) for name in get_args(Gate))


@dataclass(frozen=True, slots=True)
class Parts:
    """What is about to be archived, a pipeline with its stages or one stage."""

    pipeline: UUID | None
    stage: UUID

    def goals(self, ways: Sequence[tuple[Pipeline, list[Stage]]]) -> list[dict[str, Any]]:
        """The field that says where its deals go."""
        options = [
            (str(stage.id), f"{pipeline.name} · {stage.name}")
            for pipeline, stages in ways
            if pipeline.id != self.pipeline
            for stage in stages
            if stage.id != self.stage
        ]
        title = N_("Move its deals to")
        return [{"name": "move_to", "kind": "choice", "title": title, "options": options}]


def fields_of(
    ctx: Ctx, struct: type[msgspec.Struct], type_: RecordType, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """List the fields of a form; what an address says already is carried along unseen."""
    spec = FormSpec(ctx, type_, struct)
    found = [view for view in spec.views({}) if view["name"] not in LEFT_OUT]
    for view in found:
        if view["name"] in HIDDEN and values.get(view["name"]):
            view["kind"] = "hidden"
        if view["name"] == "currency":
            codes = [code for code in sorted(money.CURRENCIES) if code != ctx.tenant.currency]
            view["options"] = [(code, code) for code in codes]
    if "required_fields" in struct.__struct_fields__:
        title = N_("Fields that must be filled")
        found.append(
            {"name": "required_fields", "kind": "multi-choice", "title": title, "options": list(GATES)}
        )
    return found


def edited(ctx: Ctx, type_: RecordType, record: Any) -> dict[str, Any]:
    """The present values of a record."""
    values = FormSpec(ctx, type_, type_.patch, record).values()
    if hasattr(record, "rate"):
        values["rate"] = f"{record.rate.normalize():f}"
    if hasattr(record, "required_fields"):
        values["required_fields"] = record.required_fields
    return values


def read(
    ctx: Ctx, struct: type[msgspec.Struct], type_: RecordType, sent: Mapping[str, Any], record: Any = None
) -> Any:
    """Convert what was typed; boxes that are not ticked are not sent."""
    typed = dict(sent)
    if "required_fields" in struct.__struct_fields__:
        gates = typed.get("required_fields", [])
        typed["required_fields"] = gates if isinstance(gates, list) else [gates]
    if getattr(record, "is_default", False):
        typed["is_default"] = "true"
    return FormSpec(ctx, type_, struct, record).read(typed)
