from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from core.kernel import i18n
from core.kernel.i18n import (
    LOCALES,
    N_,
    Translator,
    babel_locale,
    format_date,
    format_datetime,
    format_number,
    format_relative,
    format_time,
    install,
    negotiate,
    register,
    translator,
)

AT = datetime(2026, 11, 21, 2, 24, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
TEXTS = Translator(
    "zh_CN",
    {
        "Hello {name}": "你好，{name}",
        "{n} row": "{n} 行",
        ("month", "May"): "五月",
        ("verb", "{n} lead"): ("{n} 条", "{n} 多条"),
        "pair": ("一", "多"),
    },
)


def test_texts_are_translated_and_filled():
    assert TEXTS.gettext("Hello {name}", name="张伟") == "你好，张伟"
    assert TEXTS.gettext("Hello {name}") == "你好，{name}"
    assert TEXTS.gettext("Unknown {x}", x=1) == "Unknown 1"
    assert TEXTS.gettext("pair") == "一"
    assert (TEXTS.pgettext("month", "May"), TEXTS.pgettext("name", "May")) == ("五月", "May")


def test_numbers_choose_the_form():
    english = translator("en")
    assert TEXTS.ngettext("{n} row", "{n} rows", 1) == "1 行"
    assert [english.ngettext("{n} row", "{n} rows", n) for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert english.ngettext("{n} row of {t}", "{n} rows of {t}", 3, n="3,000", t="x") == "3,000 rows of x"
    assert TEXTS.npgettext("verb", "{n} lead", "{n} leads", 2) == "2 多条"


@pytest.mark.parametrize("text", ["{missing}", "{", "{0}", "{name.nothing}"])
def test_a_wrong_placeholder_is_shown_rather_than_raised(text):
    assert TEXTS.gettext(text, name="x") == text


def test_unknown_languages_read_english():
    assert translator("xx").code == "en"
    assert translator("zh_CN").locale == Locale("zh", "CN", script="Hans")
    assert babel_locale("xx").language == "en"
    assert N_("same") == "same"


def test_templates_escape_parameters_and_know_trans():
    env = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    install(env, TEXTS)
    env.globals["x"] = "<b>"
    for source, shown in {
        "{{ _('Hello {name}', name=x) }}": "你好，&lt;b&gt;",
        "{{ _('A & B') }}": "A &amp; B",
        "{{ ngettext('{n} row', '{n} rows', 3) }}": "3 行",
        "{{ pgettext('month', 'May') }}": "五月",
        "{{ npgettext('verb', '{n} lead', '{n} leads', 1) }}": "1 条",
        "{% trans %}100% of {{ x }}{% endtrans %}": "100% of &lt;b&gt;",
        "{% trans n=2 %}{{ n }} one{% pluralize %}{{ n }} many{% endtrans %}": "2 many",
    }.items():
        assert env.from_string(source).render() == shown
    plain = Environment(extensions=["jinja2.ext.i18n"], autoescape=False)
    install(plain, TEXTS)
    assert plain.from_string("{{ _('Hello {name}', name='<b>') }}").render() == "你好，<b>"


def test_packages_from_elsewhere_join(tmp_path, monkeypatch):
    monkeypatch.setattr(i18n, "_extra", [])
    path = tmp_path / "locales/zh_CN/LC_MESSAGES/messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid "Zebra crossing"\nmsgstr "斑马线"\n\n#, fuzzy\nmsgid "Half"\nmsgstr "半"\n\n'
        'msgid "Today"\nmsgstr "今日"\n\nmsgctxt "c"\nmsgid "one"\nmsgid_plural "many"\nmsgstr[0] "都"\n',
        "utf-8",
    )
    register(tmp_path)
    register(tmp_path)
    found = translator("zh_CN")
    translator.cache_clear()
    assert (found.gettext("Zebra crossing"), found.gettext("Half")) == ("斑马线", "Half")
    assert found.gettext("Today") == "今天"  # the house's own texts win
    assert found.npgettext("c", "one", "many", 5) == "都"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("zh-TW", "zh_CN"),
        ("de,en;q=0.5,zh;q=0.7", "zh_CN"),
        ("fr, de", "en"),
        ("zh;q=0, en", "en"),
        ("zh;q=x, *", "en"),
        ("EN-gb", "en"),
    ],
)
def test_negotiation_follows_the_wishes(header, code):
    assert negotiate(header) == code


@given(st.text(max_size=80))
def test_any_header_gives_one_of_our_languages(header):
    assert negotiate(header) in LOCALES


@pytest.mark.parametrize(
    ("style", "en", "zh"),
    [
        ("short", "Nov 21", "11月21日"),
        ("medium", "Nov 21, 2026", "2026年11月21日"),
        ("long", "Saturday, November 21, 2026", "2026年11月21日 星期六"),
    ],
)
def test_days_are_written_as_readers_expect(style, en, zh):
    assert format_date(AT, "en", style) == en
    assert format_date(AT.date(), "zh_CN", style) == zh


def test_instants_are_written_in_the_zone():
    assert format_datetime(AT, "en", SHANGHAI) == "Nov 21, 2026 10:24"
    assert format_datetime(AT, "zh_CN", SHANGHAI, "short") == "11月21日 10:24"
    assert format_datetime(AT, babel_locale("en"), "America/New_York") == "Nov 20, 2026 21:24"
    assert (format_time(AT, "en", SHANGHAI), format_time(time(9, 5), "zh_CN")) == ("10:24", "09:05")


@pytest.mark.parametrize("naive", [datetime(2026, 1, 1)])  # noqa: DTZ001
def test_instants_need_a_zone(naive):
    with pytest.raises(ValueError, match="zone"):
        format_datetime(naive, "en")


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (AT, "Today 10:24", "今天 10:24"),
        (AT - timedelta(hours=18, minutes=22), "Yesterday 16:02", "昨天 16:02"),
        (AT + timedelta(days=1), "Tomorrow 10:24", "明天 10:24"),
        (AT - timedelta(days=3), "Nov 18", "11月18日"),
        (AT - timedelta(days=368), "Nov 18, 2025", "2025年11月18日"),
        (date(2026, 11, 21), "Today", "今天"),
        (date(2026, 11, 20), "Yesterday", "昨天"),
        (date(2027, 1, 1), "Jan 1, 2027", "2027年1月1日"),
    ],
)
def test_moments_are_written_as_seen_from_now(value, en, zh):
    assert format_relative(value, AT, "en", SHANGHAI) == en
    assert format_relative(value, AT, "zh_CN", SHANGHAI) == zh


def test_numbers_are_grouped_and_rounded_on_request():
    assert format_number(1234567, "en") == "1,234,567"
    assert format_number(Decimal("1234.505"), "zh_CN", 2) == "1,234.50"
    assert format_number(1234.5, Locale("de"), 1) == "1.234,5"


@pytest.mark.parametrize(("locale", "name"), [("en", "Germany"), ("zh_CN", "德国")])
def test_countries_are_named_in_the_readers_language(locale, name):
    assert ("DE", name) in i18n.countries(locale)
    assert i18n.country_name("Atlantis", locale) == "Atlantis"
