"""What deals are worth in the workspace's own currency."""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel import money
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.money import CURRENCIES, Money
from core.kernel.types import AMOUNT_MINOR_MAX
from core.pipeline import queries
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx


async def value(ctx: Ctx, deals: Sequence[Deal], *, given: frozenset[int] = frozenset()) -> None:
    """Set rate, its day and the base amount of deals whose amount or currency is new.

    ``given`` holds the places of deals whose exchange rate was just typed. For the others the latest stored
    rate is taken, one statement for all; where there is none, raises Invalid.
    """
    own = ctx.tenant.currency
    unknown = [deal for deal in deals if deal.currency not in CURRENCIES]
    if unknown:
        raise Invalid.field("currency", "unknown", N_("There is no such currency."))
    needed = {
        deal.currency
        for place, deal in enumerate(deals)
        if deal.currency != own and place not in given and deal.amount_minor is not None
    }
    stored = await queries.rates(ctx, needed, ctx.today())
    missing = sorted(needed - set(stored))
    if missing:
        text = N_("There is no rate from {currency} to {base} yet. Enter what one {currency} is worth.")
        raise Invalid(
            errors=[
                FieldError("exchange_rate", "rate_missing", text, {"currency": currency, "base": own})
                for currency in missing
            ]
        )
    for place, deal in enumerate(deals):
        if deal.currency == own:
            deal.exchange_rate = deal.rate_on = None
        elif place in given:
            deal.rate_on = ctx.today()
        elif deal.currency in stored:
            deal.exchange_rate = stored[deal.currency].rate
            deal.rate_on = stored[deal.currency].valid_on
        set_base(deal, own)


def set_base(deal: Deal, own: str) -> None:
    """Work the base amount out again by the rate that the deal has; half a unit is rounded up.

    Raises Invalid where it is more than an amount can be.
    """
    if deal.amount_minor is None:
        deal.base_amount_minor = None
    elif deal.currency == own:
        deal.base_amount_minor = deal.amount_minor
    elif deal.exchange_rate is not None:
        amount = Money(deal.amount_minor, deal.currency)
        base = money.convert(amount, own, deal.exchange_rate, rounding="half_up").amount_minor
        if abs(base) > AMOUNT_MINOR_MAX:
            raise Invalid.field("amount_minor", "max", N_("This amount is too large"))
        deal.base_amount_minor = base
