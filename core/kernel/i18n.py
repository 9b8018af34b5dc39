"""Languages. Owns: translations, and dates, times and numbers as a reader expects them.

The source language is English; a catalogue is a `.po` file read as it stands
(`<package>/locales/zh_CN/LC_MESSAGES/messages.po`), all of them merged. Never chooses a member's language.
`python -m core.kernel.i18n extract` keeps the files up to date, `check` lists what is not translated.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import DateTimePattern, parse_pattern
from babel.messages.pofile import read_po
from jinja2 import Environment

from core.kernel import installed
from core.kernel.words import read_words

__all__ = [
    "DEFAULT",
    "LOCALES",
    "N_",
    "Translator",
    "babel_locale",
    "format_date",
    "format_datetime",
    "format_number",
    "format_relative",
    "format_time",
    "install",
    "negotiate",
    "register",
    "translator",
]

LOCALES: Final = ("en", "zh_CN")
DEFAULT: Final = "en"
HOUSE: Final[Path] = Path(__file__).resolve().parents[2]
TOPS: Final = ("core", "tenants", "plugins")
MESSAGES: Final = "locales/{locale}/LC_MESSAGES/messages.po"

_Key = str | tuple[str, str]
_Entry = str | tuple[str, ...]
_log = logging.getLogger(__name__)
_extra: list[Path] = []


def N_(message: str) -> str:
    """Mark a text for extraction and return it unchanged; it is translated where it is shown."""
    return message


@cache
def babel_locale(locale: str) -> Locale:
    """Find the Babel locale of one of our languages; everything else reads as English."""
    return Locale.parse(locale if locale in LOCALES else DEFAULT)


def country_name(code: str, locale: str) -> str:
    """Name a country in a language; what is no code comes back as it is."""
    return str(babel_locale(locale).territories.get(code, code))


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """List all countries, code and name, in the order of their names."""
    named = ((code, country_name(code, locale)) for code in read_words("countries"))
    return tuple(sorted(named, key=lambda pair: pair[1]))


def catalogues(locale: str) -> list[Path]:
    """List the message files of a language: the house's own, then the registered ones."""
    tail = MESSAGES.format(locale=locale)
    own = [path for top in TOPS for path in sorted((HOUSE / top).glob(f"**/{tail}"))]
    beside = [path for folder in installed.folders() for path in sorted(folder.glob(f"**/{tail}"))]
    return own + beside + [folder / tail for folder in _extra if (folder / tail).is_file()]


def read_catalogue(path: Path, locale: str) -> dict[_Key, _Entry]:
    """Read the finished translations of one file: fuzzy, obsolete and empty ones are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale, charset="utf-8")
    entries: dict[_Key, _Entry] = {}
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if not message.id or message.fuzzy or not all(texts):
            continue
        name = message.id if isinstance(message.id, str) else message.id[0]
        done = tuple(str(text) for text in texts)
        entries[(message.context, name) if message.context else name] = done if len(done) > 1 else done[0]
    return entries


def register(folder: Path) -> None:
    """Add the `locales/` of a package that is installed elsewhere; takes effect at once."""
    if folder not in _extra:
        _extra.append(folder)
        translator.cache_clear()


def _fill(text: str, params: Mapping[str, Any]) -> str:
    try:
        return text.format(**params)
    except (KeyError, IndexError, ValueError, AttributeError):
        # A wrong placeholder must not turn an answer into an error page; `check` finds it before release.
        _log.warning("placeholders of %r do not fit", text)
        return text


class Translator:
    """The texts of one language; `{named}` parameters are filled in after the lookup.

    Called without parameters it returns the text as it stands.
    """

    __slots__ = ("_entries", "code", "locale")

    def __init__(self, code: str, entries: Mapping[_Key, _Entry]) -> None:
        self.code = code
        self.locale = babel_locale(code)
        self._entries = entries

    def gettext(self, message: str, /, **params: Any) -> str:
        """Translate a text."""
        text = self._entries.get(message, message)
        text = text if isinstance(text, str) else text[0]
        return _fill(text, params) if params else text

    def ngettext(self, one: str, many: str, n: float, /, **params: Any) -> str:
        """Translate a text that depends on a number, which is also the parameter `n`."""
        return _fill(self._choose(one, (one, many), n), {"n": n, **params})

    def pgettext(self, context: str, message: str, /, **params: Any) -> str:
        """Translate a text that has several meanings, told apart by a context."""
        text = self._entries.get((context, message), message)
        text = text if isinstance(text, str) else text[0]
        return _fill(text, params) if params else text

    def npgettext(self, context: str, one: str, many: str, n: float, /, **params: Any) -> str:
        """Translate a text that depends on a number and on a context."""
        return _fill(self._choose((context, one), (one, many), n), {"n": n, **params})

    def _choose(self, key: _Key, source: tuple[str, str], n: float) -> str:
        texts = self._entries.get(key, source)
        if isinstance(texts, str):
            return texts
        return texts[0 if n == 1 else -1]


@lru_cache(maxsize=8)
def translator(locale: str) -> Translator:
    """Make the translator of a language; unknown languages read English."""
    code = locale if locale in LOCALES else DEFAULT
    entries: dict[_Key, _Entry] = {}
    if code != DEFAULT:
        for path in reversed(catalogues(code)):
            entries.update(read_catalogue(path, code))
    return Translator(code, entries)


def install(env: Environment, texts: Translator) -> None:
    """Give a Jinja environment with the i18n extension the texts of one language.

    `_("Hello {name}", name=x)` takes the same `{named}` parameters as everywhere else; the whole is text and is
    escaped as such, in attributes too. `{% trans %}` works as well and may hold markup.
    """
    # Not Jinja's "new style", which fills %(name)s and marks every text as safe.
    env.install_gettext_callables(  # type: ignore[attr-defined]
        texts.gettext, texts.ngettext, newstyle=False, pgettext=texts.pgettext, npgettext=texts.npgettext
    )


def negotiate(accept_language: str | None) -> str:
    """Choose one of our languages by an Accept-Language header; every kind of Chinese reads zh_CN."""
    choices: list[tuple[float, str]] = []
    for part in (accept_language or "").lower()[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            choices.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    for wish, tag in sorted(choices, key=lambda choice: -choice[0]):
        language = tag.replace("_", "-").split("-")[0]
        if wish > 0 and language in _BY_LANGUAGE:
            return _BY_LANGUAGE[language]
    return DEFAULT


_BY_LANGUAGE: Final = {code.split("_")[0]: code for code in LOCALES}

DateStyle = Literal["short", "medium", "long"]

_DATES: Final[dict[str, dict[DateStyle, str]]] = {
    "en": {"short": "MMM d", "medium": "MMM d, y", "long": "EEEE, MMMM d, y"},
    "zh": {"short": "M月d日", "medium": "y年M月d日", "long": "y年M月d日 EEEE"},
}


@cache
def _pattern(language: str, style: DateStyle) -> DateTimePattern:
    return parse_pattern(_DATES.get(language, _DATES[DEFAULT])[style])


def _local(value: datetime, zone: tzinfo | str) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def _as_locale(locale: Locale | str) -> Locale:
    return babel_locale(locale) if isinstance(locale, str) else locale


def format_date(value: date, locale: Locale | str, style: DateStyle = "medium") -> str:
    """Write a day: `Nov 21, 2026`, 2026年11月21日; `short` leaves out the year, `long` adds the weekday."""
    locale = _as_locale(locale)
    return _pattern(locale.language, style).apply(value, locale)


def format_month(value: date, locale: Locale | str) -> str:
    """Write the month of a day: `November 2026`, 2026年11月."""
    locale = _as_locale(locale)
    return f"{value.year}年{value.month}月" if locale.language == "zh" else f"{value:%B %Y}"


def format_weekday(value: date, locale: Locale | str) -> str:
    """Write the weekday of a day in short: `Mon`, 周一."""
    return str(_as_locale(locale).days["stand-alone"]["abbreviated"][value.weekday()])


def format_time(value: datetime | time, locale: Locale | str, zone: tzinfo | str = UTC) -> str:
    """Write a time of day by the 24-hour clock: `10:24`."""
    del locale  # both languages write it alike
    return (_local(value, zone) if isinstance(value, datetime) else value).strftime("%H:%M")


def format_datetime(
    value: datetime, locale: Locale | str, zone: tzinfo | str = UTC, style: DateStyle = "medium"
) -> str:
    """Write an instant in a zone: `Nov 21, 2026 10:24`, 2026年11月21日 10:24."""
    local = _local(value, zone)
    return f"{format_date(local, locale, style)} {local:%H:%M}"


def format_number(value: float | Decimal, locale: Locale | str, decimals: int | None = None) -> str:
    """Write a number with the language's separators; `decimals` rounds half to even and pads."""
    locale = _as_locale(locale)
    text = f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
    symbols = locale.number_symbols["latn"]
    group, point = symbols["group"], symbols["decimal"]
    return text if (group, point) == (",", ".") else text.translate({44: group, 46: point})


_NEAR: Final = {-1: N_("Yesterday"), 0: N_("Today"), 1: N_("Tomorrow")}


def format_relative(value: date, now: datetime, locale: Locale | str, zone: tzinfo | str = UTC) -> str:
    """Write a day or an instant as seen from `now`: Today 10:24, 昨天 16:02, Nov 18, 2025年11月18日.

    A plain day is a day of the zone and gets no time.
    """
    locale = _as_locale(locale)
    today = _local(now, zone).date()
    local = _local(value, zone) if isinstance(value, datetime) else None
    day = local.date() if local else value
    near = _NEAR.get((day - today).days)
    if near is None:
        return format_date(day, locale, "short" if day.year == today.year else "medium")
    word = translator(_BY_LANGUAGE.get(locale.language, DEFAULT)).gettext(near)
    return f"{word} {local:%H:%M}" if local else word


if __name__ == "__main__":
    import sys

    from core.kernel.catalogues import main

    sys.exit(main(sys.argv[1:]))
