"""The three questions of a new workspace, and the presets that their answers choose.

A preset names modules to switch on, where the installation has them and they cost nothing, and those to leave off;
what a workspace has until it says otherwise follows from the modules themselves.
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
    """What a workspace of some kind begins with: modules on and off, the stages of its pipeline."""

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    stages: tuple[str, ...] = ()


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
    "customers": "/imports",
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
        on=frozenset({"marketing.forms"}),
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
}
_SIZES: dict[str, Preset] = {"one": Preset(off=frozenset({"approvals", "hospitality"}))}
_FIRSTS: dict[str, Preset] = {"leads": Preset(on=frozenset({"marketing.forms"}))}


def preset_of(answers: AnswersIn) -> Preset:
    """What all answers together choose; what one of them switches on stays on."""
    chosen = [
        table[value]
        for table, value in (
            (_TRADES, answers.trade),
            (_SIZES, answers.size),
            (_FIRSTS, answers.first),
        )
        if value in table
    ]
    on = frozenset().union(*(one.on for one in chosen))
    off = frozenset().union(*(one.off for one in chosen)) - on
    return Preset(on, off, next((one.stages for one in chosen if one.stages), ()))
