"""The directory of tenants.

Owns ``control.tenant`` and ``control.tenant_plugin`` and their cached reading. Emits nothing.
Never opens a tenant's schema.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a process knows of a tenant at one revision of the directory."""

    id: UUID
    slug: str
    name: str
    schema: str
    cell: str = "main"
    slice: int = 0
    state: str = "active"
    revision: int = 1
    locale: str = "en"
    timezone: str = "UTC"
    currency: str = "USD"
    country: str = "US"
    plugins: frozenset[str] = frozenset()
    sandbox_of: UUID | None = None
    key: bytes = b""
