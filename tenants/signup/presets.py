"""The three questions of a new workspace, and the presets that their answers choose.

A preset names the stages of the first pipeline, departments, and modules to switch on: where the installation has
them and they cost nothing. What costs something is never switched on unasked; its page is shown instead. Up to ten
people get no departments, on purpose: they are one team, and departments that stand empty have to be cleared away.
"""

from __future__ import annotations

from typing import NamedTuple

from core.kernel.i18n import N_
from tenants.signup.schema import AnswersIn


class Answer(NamedTuple):
    """One answer to choose."""

    value: str
    title: str
    icon: str
    text: str = ""


class Preset(NamedTuple):
    """What a workspace of some kind begins with: modules, the stages of its pipeline, departments."""

    modules: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


TRADES = (
    Answer("trading", N_("Trading and distribution"), "package"),
    Answer("making", N_("Manufacturing"), "factory"),
    Answer("software", N_("Software and technology"), "monitor"),
    Answer("services", N_("Services and consulting"), "briefcase"),
    Answer("retail", N_("Retail and e-commerce"), "shopping-cart"),
    Answer("other", N_("Something else"), "circle"),
)
SIZES = (
    Answer("one", N_("Only me"), "user"),
    Answer("few", N_("2 to 10"), "users"),
    Answer("many", N_("11 to 50"), "users"),
    Answer("company", N_("More than 50"), "building-2"),
)
FIRSTS = (
    Answer("customers", N_("Have all customers in one place"), "building-2", N_("Begin with your list.")),
    Answer("deals", N_("Win more deals"), "handshake", N_("Begin with your pipeline.")),
    Answer("leads", N_("Get new leads"), "target", N_("Begin with a form on your website.")),
    Answer("team", N_("Work as a team"), "users", N_("Begin by inviting a colleague.")),
)
BEGINNINGS = {
    "customers": "/imports/new",
    "deals": "/deals",
    "leads": "/leads",
    "team": "/settings/members",
}
"""Where the answer to the third question leads."""

_TRADES: dict[str, Preset] = {
    "trading": Preset(
        stages=(
            N_("Enquiry"),
            N_("Quotation sent"),
            N_("Sample approved"),
            N_("Negotiation"),
            N_("Awaiting signature"),
        )
    ),
    "making": Preset(
        stages=(
            N_("Enquiry"),
            N_("Technical clarification"),
            N_("Quotation sent"),
            N_("Negotiation"),
            N_("Awaiting signature"),
        )
    ),
    "software": Preset(
        stages=(
            N_("Qualified"),
            N_("Demo held"),
            N_("Trial"),
            N_("Negotiation"),
            N_("Awaiting signature"),
        ),
    ),
    "services": Preset(
        stages=(
            N_("First contact"),
            N_("Needs understood"),
            N_("Proposal sent"),
            N_("Negotiation"),
            N_("Awaiting signature"),
        )
    ),
    "retail": Preset(
        stages=(
            N_("Enquiry"),
            N_("Offer made"),
            N_("Order placed"),
            N_("Payment received"),
            N_("Handed over"),
        )
    ),
    "other": Preset(
        stages=(
            N_("First contact"),
            N_("Needs understood"),
            N_("Offer made"),
            N_("Decision pending"),
            N_("Agreed by word"),
        )
    ),
}
_UNITS = (N_("Sales department"), N_("Marketing department"), N_("Service department"))
_SIZES: dict[str, Preset] = {"many": Preset(units=_UNITS), "company": Preset(units=_UNITS)}
_FIRSTS: dict[str, Preset] = {"leads": Preset(modules=("marketing.forms",))}


def preset_of(answers: AnswersIn) -> Preset:
    """What all answers together choose."""
    trade = _TRADES.get(answers.trade, Preset())
    size = _SIZES.get(answers.size, Preset())
    first = _FIRSTS.get(answers.first, Preset())
    return Preset(modules=first.modules, stages=trade.stages, units=size.units)
