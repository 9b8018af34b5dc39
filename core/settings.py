"""What the operator decides, read once from the environment.

Owns: the names, the defaults and the checks of the environment variables, and the master key in the home.
Never: read by anything but the composition root and the command line, which pass the values on.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
T = TypeVar("T")

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("json", "text")
FIRST_PLANS = ("free", "team", "business")
KEY_BYTES = 32
RATES = {
    "rate_address_per_minute": 300,
    "rate_tenant_per_minute": 6_000,
    "rate_key_per_minute": 1_200,
    "rate_login_per_minute": 60,
    "rate_signup_per_hour": 20,
}


class SettingsError(ValueError):
    """Every wrong value of the environment at once, one line each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        lines = [f"{name}: {problem}" for name, problem in self.problems.items()]
        super().__init__("wrong settings:\n  " + "\n  ".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one installation; each names its environment variable."""

    home: Path
    """GUANXI_HOME: the folder for data, files, keys and logs; default `./.guanxi`."""
    database_url: str | None = None
    """DATABASE_URL: a PostgreSQL of your own (15 or newer, superuser or owner); default: an embedded one."""
    redis_url: str | None = None
    """REDIS_URL: a Redis (7 or newer) or Valkey (8 or newer) of your own; default: an embedded one."""
    host: str = "127.0.0.1"
    """HOST: the address to listen on."""
    port: int = 8000
    """PORT: the port to listen on."""
    web_workers: int = 1
    """WEB_WORKERS: processes that answer requests; default: half of the processors, at most 4."""
    smtp_url: str | None = None
    """SMTP_URL: `smtp|starttls|smtps://user:password@host:port`; default: mail goes to `<home>/inbox`."""
    mail_from: str | None = None
    """GUANXI_MAIL_FROM: the sender of mail, `Name <a@b.c>`; default: no-reply at the public address's host."""
    outbound_networks: tuple[Network, ...] = ()
    """GUANXI_OUTBOUND_NETWORKS: private addresses or networks, by commas, that webhooks may call all the same."""
    public_url: str = "http://127.0.0.1:8000"
    """GUANXI_PUBLIC_URL: the address under which people reach it; default: made of HOST and PORT."""
    secret_key: bytes = field(repr=False)
    """GUANXI_SECRET_KEY: 32 bytes in base64; default: made once, kept in `<home>/secret.key` (0600)."""
    metrics_token: str | None = field(default=None, repr=False)
    """GUANXI_METRICS_TOKEN: what Prometheus sends as bearer token to read /metrics; default: no such page."""
    stripe_api_key: str | None = field(default=None, repr=False)
    """STRIPE_API_KEY: the secret key of the payment service; default: `guanxi up` plays payments on this machine."""
    stripe_api_base: str | None = None
    """STRIPE_API_BASE: the payment service's address; default: Stripe's own."""
    stripe_webhook_secret: str = field(default="", repr=False)
    """STRIPE_WEBHOOK_SECRET: what it signs its messages to `<public address>/billing/stripe` with."""
    bank_account: str = ""
    """GUANXI_BANK_ACCOUNT: where to transfer to, shown as it is (`\\n` begins a line); offers it beside cards too."""
    operator_email: str | None = None
    """GUANXI_OPERATOR_EMAIL: who is told that a 发票 is asked for; default: nobody."""
    first_plan: str = "free"
    """GUANXI_FIRST_PLAN: the plan that a new workspace has without paying: free, team or business."""
    pool: int = 8
    """GUANXI_POOL: how many schemas of each cell are kept ready for new workspaces."""
    webhook_log_days: int = 30
    """GUANXI_WEBHOOK_LOG_DAYS: how long webhooks' messages and answers are kept, also those of a paused one."""
    log_level: str = "info"
    """GUANXI_LOG_LEVEL: debug, info, warning or error."""
    log_format: str = "json"
    """GUANXI_LOG_FORMAT: json, or text for reading at a terminal."""
    trusted_proxies: tuple[Network, ...] = ()
    """GUANXI_TRUSTED_PROXIES: addresses or networks, separated by commas, whose X-Forwarded-* is believed."""
    rate_address_per_minute: int = 300
    """GUANXI_RATE_ADDRESS_PER_MINUTE: requests of one address that is not signed in."""
    rate_tenant_per_minute: int = 6_000
    """GUANXI_RATE_TENANT_PER_MINUTE: requests of one workspace."""
    rate_key_per_minute: int = 1_200
    """GUANXI_RATE_KEY_PER_MINUTE: requests of one API key."""
    rate_login_per_minute: int = 60
    """GUANXI_RATE_LOGIN_PER_MINUTE: logins from one address; five times as many from its network."""
    rate_signup_per_hour: int = 20
    """GUANXI_RATE_SIGNUP_PER_HOUR: signups, and mails to oneself, from one address; from its network five times."""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; wrong values are one `SettingsError` with all of them."""
        reader = _Reader(os.environ if environ is None else environ)
        home = home_of(reader.environ)
        host = reader.get("HOST", _host, "127.0.0.1")
        port = reader.get("PORT", _number(1, 65535), 8000)
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (comparing, not binding)
        own_url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        values: dict[str, object] = {
            "database_url": reader.get("DATABASE_URL", _database_url, None),
            "redis_url": reader.get("REDIS_URL", _url("redis", "rediss", "unix"), None),
            "web_workers": reader.get("WEB_WORKERS", _number(1, 64), _default_workers()),
            "smtp_url": reader.get("SMTP_URL", _url("smtp", "starttls", "smtps"), None),
            "mail_from": reader.get("GUANXI_MAIL_FROM", _mail_from, None),
            "metrics_token": reader.get("GUANXI_METRICS_TOKEN", str, None),
            "public_url": reader.get("GUANXI_PUBLIC_URL", _public_url, own_url),
            **_payments(reader),
            "first_plan": reader.get("GUANXI_FIRST_PLAN", _one_of(FIRST_PLANS), "free"),
            "pool": reader.get("GUANXI_POOL", _number(1, 1000), 8),
            "webhook_log_days": reader.get("GUANXI_WEBHOOK_LOG_DAYS", _number(7, 3650), 30),
            "log_level": reader.get("GUANXI_LOG_LEVEL", _one_of(LOG_LEVELS), "info"),
            "log_format": reader.get("GUANXI_LOG_FORMAT", _one_of(LOG_FORMATS), "json"),
        }
        for name, per_minute in RATES.items():
            values[name] = reader.get(f"GUANXI_{name.upper()}", _number(1, 10**9), per_minute)
        nobody: tuple[Network, ...] = ()
        values["trusted_proxies"] = reader.get("GUANXI_TRUSTED_PROXIES", _networks, nobody)
        values["outbound_networks"] = reader.get("GUANXI_OUTBOUND_NETWORKS", _networks, nobody)
        key = reader.get("GUANXI_SECRET_KEY", _key, None)
        reader.finish()
        return cls(home=home, host=host, port=port, secret_key=key or kept_key(home), **values)  # type: ignore[arg-type]


def home_of(environ: Mapping[str, str] | None = None) -> Path:
    """Read GUANXI_HOME alone, for commands that must not touch the home yet."""
    chosen = (os.environ if environ is None else environ).get("GUANXI_HOME", "").strip()
    return Path(chosen or ".guanxi").expanduser().absolute()


def kept_key(home: Path) -> bytes:
    """Read the master key of a home, making it on first use."""
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = home / f".secret.key.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where the name exists: of two processes, the second takes the first's key.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        return _key(path.read_text().strip())
    except ValueError as error:
        raise SettingsError({str(path): str(error)}) from error


class _Reader:
    """Reads one variable after the other and keeps what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: dict[str, str] = {}

    def get(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.environ.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems[name] = str(error)
            return default

    def finish(self) -> None:
        if self.problems:
            raise SettingsError(self.problems)


def _payments(reader: _Reader) -> dict[str, object]:
    base = reader.get("STRIPE_API_BASE", _url("http", "https"), None)
    key = reader.get("STRIPE_API_KEY", str, None)
    secret = reader.get("STRIPE_WEBHOOK_SECRET", str, "")
    account = reader.get("GUANXI_BANK_ACCOUNT", _lines, "")
    operator = reader.get("GUANXI_OPERATOR_EMAIL", _mail_from, None)
    if key and not secret:
        problem = "must be set with STRIPE_API_KEY, or no payment is ever noticed"
        reader.problems |= {"STRIPE_WEBHOOK_SECRET": problem}
    stripe = {"stripe_api_key": key, "stripe_api_base": base, "stripe_webhook_secret": secret}
    return {**stripe, "bank_account": account, "operator_email": operator}


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text.lower()

    return parse


def _url(*schemes: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.hostname or (parts.scheme == "unix" and parts.path)):
            raise ValueError(f"must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        _ = parts.port
        return text

    return parse


def _database_url(text: str) -> str | None:
    parts = urlsplit(text)
    if parts.scheme.partition("+")[0] not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("must be like postgresql://user:password@host/database")
    _ = parts.port
    return parts._replace(scheme="postgresql").geturl()


def _lines(text: str) -> str:
    if len(text) > 2_000 or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise ValueError("must be text without control characters, 2000 characters at most")
    return "\n".join(line.strip() for line in text.replace("\\n", "\n").split("\n"))


def _mail_from(text: str) -> str | None:
    if not re.fullmatch(r"(?:[^<>]*<)?[^<>@\s]+@[^<>@\s]+>?", text) or ("<" in text) != text.endswith(">"):
        raise ValueError("must be like Guanxi <no-reply@example.com>")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be like https://crm.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _host(text: str) -> str:
    if text == "localhost":
        return text
    return str(ip_address(text))


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(
            text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
        )
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} bytes in base64")
    return key


def _default_workers() -> int:
    return max(1, min(4, (os.cpu_count() or 1) // 2))
