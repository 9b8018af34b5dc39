"""Where customers stand in the menu, and their classes among the settings."""

from __future__ import annotations

from core.ext.specs import Nav
from core.kernel.i18n import N_

NAV = [
    Nav(
        key="customers",
        title=N_("Customers"),
        icon="building-2",
        url="/customers",
        order=20,
        permission="customers.view",
        shortcut="g c",
        mobile=True,
    ),
    Nav(
        key="customer-classes",
        title=N_("Customer classes"),
        icon="network",
        url="/settings/classes",
        order=400,
        permission="customers.classes.edit",
        group="settings",
        section="sales",
        hint=N_("A tree by trade, size or region."),
    ),
]
