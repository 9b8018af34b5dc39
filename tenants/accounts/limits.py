"""How often strangers may try: by address, by network and by e-mail address, over longer and longer stretches.

What is counted never depends on whether somebody has an account.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from core.kernel.rate import Limit
from core.runtime import Runtime
from tenants.accounts.models import Account

MINUTE, HOUR, DAY = 60, 3_600, 86_400
Steps = Iterable[tuple[int, int]]
"""How often, in how many seconds."""

NEIGHBOURS: Final = 5
"""A network may do as much as so many addresses."""
PERSON: Final = ((10, MINUTE), (30, HOUR), (100, DAY))
"""Logins to one e-mail address from one network."""
EMAIL: Final = ((60, HOUR), (300, DAY))
"""Logins to one e-mail address from everywhere: more, so that nobody can shut another out from afar."""
SIGNUPS: Final = ((3, HOUR), (6, DAY))
"""Signups with one e-mail address."""
MAILS: Final = ((3, 10 * MINUTE), (10, DAY))
"""Mails that anybody may have sent to one e-mail address."""
TOLD: Final = ((5, HOUR),)
YOUNG: Final = timedelta(days=1)
YOUNG_MAILS: Final = ((10, HOUR), (20, DAY))
MEMBER_MAILS: Final = ((100, HOUR), (500, DAY))


def network_of(address: str) -> str:
    """The network that an address stands for: /24, or /56 of IPv6, which one subscriber is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((mapped, 24 if mapped.version == 4 else 56), strict=False))


async def login(runtime: Runtime, client: str, email: str) -> None:
    """Count a login; raises ``TooManyRequests``."""
    a_minute = runtime.settings.rate_login_per_minute
    email, network = _key(email), network_of(client)
    await _hit(
        runtime,
        [
            *_limits("login", f"{email}@{network}", PERSON),
            *_limits("email", email, EMAIL),
            *_from(client, "login", ((a_minute, MINUTE), (a_minute * 10, HOUR))),
        ],
    )


async def may_tell(runtime: Runtime, email: str) -> bool:
    """Whether the log is to tell of one more failed login with an address."""
    told = await runtime.limiter.hit_all(_limits("failure", _key(email), TOLD))
    return told.allowed


async def signup(runtime: Runtime, client: str, email: str) -> None:
    """Count a signup; raises ``TooManyRequests``."""
    an_hour = runtime.settings.rate_signup_per_hour
    await _hit(
        runtime,
        [
            *_limits("signup", _key(email), SIGNUPS),
            *_from(client, "signup", ((an_hour, HOUR), (an_hour * 3, DAY))),
        ],
    )


async def mail(runtime: Runtime, client: str, email: str) -> None:
    """Count a mail that somebody who is not signed in has sent; raises ``TooManyRequests``."""
    an_hour = runtime.settings.rate_signup_per_hour
    await _hit(
        runtime,
        [*_limits("mail", _key(email), MAILS), *_from(client, "mail", ((an_hour, HOUR), (an_hour * 3, DAY)))],
    )


async def invitation(runtime: Runtime, account: Account) -> None:
    """Count a mail to a third person; a new or unconfirmed account may send few. Raises ``TooManyRequests``."""
    is_young = account.verify_by is not None or runtime.clock.now() - account.created_at < YOUNG
    steps = YOUNG_MAILS if is_young else MEMBER_MAILS
    await _hit(runtime, _limits("invitation", str(account.id), steps))


def _from(client: str, name: str, steps: Steps) -> list[Limit]:
    wide = tuple((limit * NEIGHBOURS, period) for limit, period in steps)
    return _limits(f"{name} address", client, steps) + _limits(f"{name} network", network_of(client), wide)


def _limits(name: str, key: str, steps: Steps) -> list[Limit]:
    return [Limit(name.replace(" ", "-"), f"{name}:{key}", limit, period) for limit, period in steps]


def _key(email: str) -> str:
    return email.strip().lower()[:254]


async def _hit(runtime: Runtime, limits: list[Limit]) -> None:
    (await runtime.limiter.hit_all(limits)).require()
