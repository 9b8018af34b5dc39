"""The cards of a workspace as a whole on the settings page."""

from __future__ import annotations

from core.ext.specs import Nav
from core.kernel.i18n import N_

NAV = [
    Nav(
        key="company",
        title=N_("Company"),
        icon="building-2",
        url="/settings/company",
        order=5,
        permission="workspace.manage",
        group="settings",
        in_sandbox=False,
        hint=N_("Name, address, language, time zone and currency."),
    ),
    Nav(
        key="data",
        title=N_("Export and sandbox"),
        icon="archive",
        url="/settings/data",
        order=620,
        permission="workspace.sandbox",
        group="settings",
        in_sandbox=False,
        section="data",
        hint=N_("All of the workspace as one file and back, and a copy to try things on."),
    ),
    Nav(
        key="sandbox",
        title=N_("Sandbox"),
        icon="copy",
        url="/settings/data/sandbox",
        permission="workspace.sandbox",
        group="switcher",
        in_sandbox=False,
    ),
    Nav(
        key="danger",
        title=N_("Danger zone"),
        icon="triangle-alert",
        url="/settings/danger",
        order=900,
        permission="workspace.close",
        group="settings",
        in_sandbox=False,
        hint=N_("Hand the workspace over, or close it."),
    ),
]
