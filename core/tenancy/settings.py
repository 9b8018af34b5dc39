"""How an installation reaches its databases and how much of them a process may use.

Owns the names and passwords of PostgreSQL roles. Emits nothing. Never reads the environment.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where the databases are, who logs in, and the budgets of one process.

    ``url`` is an administrator's: it makes roles and databases. Requests log in as roles with few rights,
    whose passwords derive from ``secret``.
    """

    url: str
    secret: bytes
    prefix: str = "guanxi"
    tag: str = ""
    """Start of the opaque part of tenant role names: at most six characters, set apart test runs."""
    cells: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Administrator's URL of each cell; empty means one cell ``main`` in the control database."""
    per_slice: int = 500
    """Tenants of one login role: with more, every grant makes each backend's next transaction slower."""
    per_cell: int = 2_000
    """Tenants of one database at most: with more, catalogues outgrow the data."""
    processes: int = 1
    """How many processes answer requests: they share what the server bears, so that a tenant's cap is one."""
    connections: int = 0
    """Connections of one process to tenants; default: its part of four for each processor, at least four."""
    control_connections: int = 6
    worker_connections: int = 6
    tenant_share: float = 0.3
    max_age_s: float = 600
    max_tenants: int = 300
    wait_s: float = 10
    start_s: float = 10
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 5_000
    idle_timeout_ms: int = 60_000
    statement_cache: int = 100

    def __post_init__(self) -> None:
        if not self.connections:
            most = min(4 * (os.cpu_count() or 1), 20)
            object.__setattr__(self, "connections", max(4, most // self.processes))

    @property
    def owner(self) -> str:
        """Role that owns every schema; nobody logs in as it."""
        return f"{self.prefix}_owner"

    @property
    def migrate(self) -> str:
        """Login role of the worker, which may become the owner."""
        return f"{self.prefix}_migrate"

    @property
    def control(self) -> str:
        """Login role for the control schema."""
        return f"{self.prefix}_control"

    @property
    def tenant_group(self) -> str:
        """Group of all tenant roles."""
        return f"{self.prefix}_tenant"

    def slice_role(self, cell: str, number: int) -> str:
        """Login role that may become the tenants of one slice."""
        return f"{self.prefix}_{cell}_s{number:02d}"

    def cell_urls(self) -> dict[str, str]:
        """Administrator's URL of each cell."""
        return dict(self.cells) or {"main": self.url}

    def password(self, role: str) -> str:
        """Derive the password of a login role."""
        return hmac.new(self.secret, f"role:{role}".encode(), hashlib.sha256).hexdigest()

    def dsn(self, role: str, cell: str | None = None) -> str:
        """Address of a cell's (or the control) database for a login role, as libpq and asyncpg read it."""
        base = make_url(self.url if cell is None else self.cell_urls()[cell])
        return _plain(base.set(username=role, password=self.password(role)))

    def admin_dsn(self, cell: str | None = None) -> str:
        """Address of a cell's (or the control) database for the administrator."""
        return _plain(make_url(self.url if cell is None else self.cell_urls()[cell]))


def _plain(url: URL) -> str:
    text = url.set(drivername="postgresql", query={}).render_as_string(hide_password=False)
    query = "&".join(
        f"{key}={quote(value, safe='/')}" for key, values in url.normalized_query.items() for value in values
    )
    return f"{text}?{query}" if query else text
