"""The Jinja environments: one per language, so that compiled macros stay cached and still speak it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.ext.registry import ROOTS
from core.kernel import i18n, installed, kinds, money
from core.kernel.db import utc_now
from core.web import styles

_UTC = ZoneInfo("UTC")
_now: ContextVar[datetime | None] = ContextVar("now", default=None)
_zone: ContextVar[ZoneInfo] = ContextVar("zone", default=_UTC)


@contextmanager
def shown_in(zone: ZoneInfo, now: datetime) -> Iterator[None]:
    """Show instants in this zone, relative to this moment, while a template renders.

    Filters and macros cannot be handed a context; these two are all they would want of it.
    """
    zone_token, now_token = _zone.set(zone), _now.set(now)
    try:
        yield
    finally:
        _zone.reset(zone_token)
        _now.reset(now_token)


def folders(name: str) -> list[Path]:
    """All folders of that name in the packages of core, tenants and plugins, then in those installed beside."""
    found: list[Path] = []
    bases = []
    for root in ROOTS:
        with suppress(ModuleNotFoundError):
            bases.append(Path(inspect.getfile(import_module(root))).parent)
    for base in (*bases, *installed.folders()):
        found += sorted(
            path for path in base.rglob(name) if path.is_dir() and "node_modules" not in path.parts
        )
    return found


@cache
def environment(locale: str) -> Environment:
    """The templates in one language."""
    env = Environment(
        loader=FileSystemLoader(folders("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translations = i18n.translator(locale)
    i18n.install(env, translations)
    env.filters.update(
        date=partial(_date, locale),
        month=lambda value: i18n.format_month(value, locale),
        weekday=lambda value: i18n.format_weekday(value, locale),
        datetime=partial(_datetime, locale),
        time=lambda value: i18n.format_time(value, locale, zone=_zone.get()),
        relative=partial(_relative, locale),
        country=lambda code: i18n.country_name(code, locale),
        phone=lambda value: kinds.shown_phone(value, "CN" if locale == "zh_CN" else ""),
        number=lambda value: i18n.format_number(value, locale),
        money=lambda minor, currency: "" if minor is None else money.format(minor, currency, locale),
        compact_money=lambda minor, currency: "" if minor is None else money.compact(minor, currency, locale),
    )
    env.globals.update(locale=locale, static=static)
    return env


def _date(locale: str, value: date | datetime | None) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(_zone.get()).date()
    return i18n.format_date(value, locale)


def _datetime(locale: str, value: datetime | None) -> str:
    return "" if value is None else i18n.format_datetime(value, locale, zone=_zone.get())


def _relative(locale: str, value: datetime | None) -> str:
    now = _now.get() or utc_now()
    return "" if value is None else i18n.format_relative(value, now, locale, zone=_zone.get())


@cache
def static(path: str) -> str:
    """The address of a static file, with a mark of its content so that browsers may keep it for ever."""
    if path == styles.ADDRESS:
        return f"/static/{path}?v={styles.mark()}"
    for folder in folders("static"):
        file = folder / path
        if file.is_file():
            return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"
    return f"/static/{path}"
