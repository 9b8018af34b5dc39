"""What each kind of text must look like, and its one normal form. Never looks at structs or fields."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import available_timezones

import idna
import phonenumbers

from core.kernel.errors import FieldError
from core.kernel.i18n import LOCALES, N_
from core.kernel.money import CURRENCIES
from core.kernel.words import read_words

__all__ = ["COUNTRIES", "KINDS", "Reading", "Refused", "clean", "email", "phone", "shown_phone", "url"]

COUNTRIES: Final = read_words("countries")
"""ISO 3166-1 alpha-2, the officially assigned codes."""

_LOCAL_PART: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_COLOR: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_LINES: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE_ENDS: Final = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u2060"
    + ("".join(map(chr, range(0x2000, 0x200B))))
)
_EMAIL_MAX: Final = 254
_LOCAL_MAX: Final = 64
_DOMAIN_MAX: Final = 253


class Refused(ValueError):
    """A value that cannot be accepted: its errors, their paths relative to the value."""

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        super().__init__()

    @classmethod
    def because(cls, code: str, message: str, **params: Any) -> "Refused":
        """Build the refusal of this very value."""
        return cls(FieldError("", code, message, params))


class Reading(NamedTuple):
    """How values are to be read: as typed text or as JSON, for which region and time zone."""

    text: bool = False
    region: str = "CN"
    zone: tzinfo | None = None


def clean(value: str, *, trim: bool = True) -> str:
    """Bring a text into its stored form: NFC, trimmed; NUL and lone surrogates are refused."""
    if value.isascii():
        if "\0" in value:
            raise Refused.because("pattern", UNSTORABLE)
        return value.strip() if trim else value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused.because("pattern", UNSTORABLE) from None
    if "\0" in value:
        raise Refused.because("pattern", UNSTORABLE)
    value = unicodedata.normalize("NFC", value)
    return value.strip(_INVISIBLE_ENDS) if trim else value


UNSTORABLE: Final = N_("Remove the characters that cannot be stored")


def one_line(value: str, reading: Reading) -> str:
    """Join the lines of a text that has only one."""
    return value if value.isprintable() else _LINES.sub(" ", value)


def lines(value: str, reading: Reading) -> str:
    """Write line ends as a single line feed, as browsers send two characters."""
    return value.replace("\r\n", "\n") if "\r" in value else value


def _domain(value: str) -> str:
    if len(value) > _DOMAIN_MAX:
        return ""
    try:
        host = idna.encode(value, uts46=True).decode().lower() if not value.isascii() else value.lower()
    except idna.IDNAError:
        return ""
    return host if len(host) <= _DOMAIN_MAX and _HOST.fullmatch(host) else ""


def email(value: str, reading: Reading) -> str:
    """Normalise an e-mail address: lower case, the domain in ASCII."""
    local, _, domain = value.rpartition("@")
    local, domain = local.lower(), _domain(domain)
    is_good = domain and "_" not in domain and len(local) <= _LOCAL_MAX and _LOCAL_PART.fullmatch(local)
    if not is_good or len(local) + len(domain) + 1 > _EMAIL_MAX:
        raise Refused.because("email", N_("Enter an e-mail address such as name@example.com"))
    return f"{local}@{domain}"


_USUAL_CN: Final = re.compile(r"(?:\+86[ -]?)?(1[38]\d)[ -]?(\d{4})[ -]?(\d{4})")
"""Most numbers of a Chinese file; all of them are assigned, and reading them so is twenty times as fast."""


@lru_cache(maxsize=4096)
def _phone(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


@lru_cache(maxsize=4096)
def shown_phone(value: str, home: str = "") -> str:
    """Write a number in the groups that people read: without its country code at home, as it is where unknown."""
    if home == "CN" and (usual := _USUAL_CN.fullmatch(value)) is not None:
        return " ".join(usual.groups())
    try:
        number = phonenumbers.parse(value, home or None)
    except phonenumbers.NumberParseException:
        return value
    is_home = bool(home) and phonenumbers.region_code_for_number(number) == home
    style = phonenumbers.PhoneNumberFormat
    return str(phonenumbers.format_number(number, style.NATIONAL if is_home else style.INTERNATIONAL))


_EXTENSION: Final = re.compile(r"(?<=\d)\s*(?:转|轉|分机|-(?=\d{1,5}$))\s*(?=\d{1,7}$)")


def phone(value: str, reading: Reading) -> str:
    """Normalise a phone number to E.164, read in the region unless it begins with + or 00.

    An extension is kept as `;ext=` after it: dropping it would lose data.
    """
    folded = unicodedata.normalize("NFKC", value)
    usual = _USUAL_CN.fullmatch(folded)
    if usual is not None and (reading.region == "CN" or folded[0] == "+"):
        return f"+86{''.join(usual.groups())}"
    if folded.startswith("00"):
        folded = f"+{folded[2:]}"
    found = _phone(folded, reading.region) or _phone(_EXTENSION.sub(";ext=", folded), reading.region)
    if found is None:
        raise Refused.because("phone", N_("Enter a full phone number, with area code or country code"))
    return found


def url(value: str, reading: Reading) -> str:
    """Normalise a web address: http or https, the host in lower-case ASCII, no user name inside."""
    text = value if _SCHEME.match(value) else f"https://{value.removeprefix('//')}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused.because("url", _NO_URL) from None
    name = (parts.hostname or "").rstrip(".")
    host = name if _ADDRESS.fullmatch(name) or name == "localhost" else _domain(name)
    is_plain = parts.scheme in ("http", "https") and parts.username is None and parts.password is None
    if not host or not is_plain or any(mark in value for mark in ' \t\r\n<>"\\'):
        raise Refused.because("url", _NO_URL)
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))


_NO_URL: Final = N_("Enter a web address such as https://example.com")


def currency(value: str, reading: Reading) -> str:
    """Accept a currency code."""
    code = value.upper()
    if code not in CURRENCIES:
        raise Refused.because("currency", N_("Enter a currency code such as CNY or USD"))
    return code


def country(value: str, reading: Reading) -> str:
    """Accept a country code."""
    code = value.upper()
    if code not in COUNTRIES:
        raise Refused.because("country", N_("Enter a country code such as CN or DE"))
    return code


def color(value: str, reading: Reading) -> str:
    """Accept a colour, `#abc` or `#aabbcc`."""
    code = value.lower()
    if not _COLOR.fullmatch(code):
        raise Refused.because("pattern", N_("Enter a colour such as #2563eb"))
    return code if len(code) == 7 else "#" + "".join(2 * digit for digit in code[1:])


def locale(value: str, reading: Reading) -> str:
    """Accept one of the product's languages, `zh-CN` too."""
    code = value.replace("-", "_")
    for known in LOCALES:
        if known.lower() == code.lower():
            return known
    raise Refused.because("choice", N_("Choose one of: {choices}"), choices=", ".join(LOCALES))


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of the time zone database, kept: it is read from hundreds of files."""
    return frozenset(available_timezones())


def timezone(value: str, reading: Reading) -> str:
    """Accept an IANA time zone."""
    if value not in time_zones():
        raise Refused.because("choice", N_("Enter a time zone such as Asia/Shanghai"))
    return value


KINDS: Final[Mapping[str, Callable[[str, Reading], str]]] = {
    "name": one_line,
    "text": one_line,
    "tag": one_line,
    "longtext": lines,
    "email": email,
    "phone": phone,
    "url": url,
    "currency": currency,
    "country": country,
    "color": color,
    "locale": locale,
    "timezone": timezone,
}
"""Kind -> the function that returns a text's normal form or raises Refused."""
