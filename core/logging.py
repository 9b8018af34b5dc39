"""How every process of the product logs: one JSON object per line on standard error.

Owns: the shape of a line, the levels, what must never appear in one.
Never: decides what is worth a line; files and their rotation are the business of whoever starts the process.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

HIDDEN = "[hidden]"
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key", "apikey", "dsn")
QUIET = {"asyncio": logging.WARNING, "httpx": logging.WARNING, "alembic": logging.WARNING}
"""Libraries that talk too much, and the level from which they are heard."""

Line = MutableMapping[str, Any]


def configure(level: str = "info", form: str = "json", *, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging through one chain; calling again replaces it."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(number, least))


def hide_secrets(_: object, __: str, line: Line) -> Line:
    """Replace the values of fields whose name says that they are secret, at any depth."""
    for key, value in line.items():
        line[key] = _hidden(key, value)
    return line


def _hidden(key: object, value: object) -> object:
    name = key.lower() if isinstance(key, str) else ""
    if value and any(word in name for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _hidden(inner, kept) for inner, kept in value.items()}
    return value


def _ending(form: str) -> list[structlog.types.Processor]:
    if form == "text":
        return [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [structlog.processors.format_exc_info, structlog.processors.EventRenamer("message"), _json]


def _json(_: object, __: str, line: Line) -> str:
    return msgspec.json.encode(dict(line), enc_hook=repr).decode()
