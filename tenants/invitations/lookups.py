"""What the domain name system says of a domain; outside of any transaction."""

from __future__ import annotations

from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver

from core.kernel.guards import outside_transaction

PLACE: Final = "_guanxi"
LIMIT_S: Final = 10.0
Unanswered = dns.exception.DNSException
"""No name server said whether there is a record: nothing follows from that."""


async def txt_records(domain: str) -> list[str]:
    """The texts at ``_guanxi.<domain>``; none where there is no such name.

    Raises :class:`Unanswered` where no name server answers, so that a job tries again.
    """
    outside_transaction("a look-up of names")
    resolver = dns.asyncresolver.Resolver()
    try:
        found = await resolver.resolve(f"{PLACE}.{domain}", "TXT", lifetime=LIMIT_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("ascii", "replace") for record in found]
