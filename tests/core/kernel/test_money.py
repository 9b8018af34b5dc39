from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import money
from core.kernel.errors import Invalid
from core.kernel.money import CURRENCIES, Money, compact, convert, digits, parse, symbol
from core.kernel.types import AMOUNT_MINOR_MAX

CURRENCY = st.sampled_from(sorted(CURRENCIES))
AMOUNT = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)


@pytest.mark.parametrize(
    ("currency", "places"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("IDR", 2), ("VND", 0), ("HUF", 2)]
)
def test_decimals_are_those_of_iso_4217(currency, places):
    assert digits(currency) == places


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("1234.5", "CNY", 123450),
        ("¥1,234.50", "CNY", 123450),
        ("￥１,２３４", "CNY", 123400),
        ("1 234,50 €", "EUR", 123450),
        ("1.234,50", "EUR", 123450),
        ("-0.01", "USD", -1),
        ("USD 12", "USD", 1200),
        ("US$12", "USD", 1200),
        ("12万", "CNY", 12_000_000),
        ("1.345亿元", "CNY", 13_450_000_000),
        ("1,234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("10000000000000", "CNY", 10**15),
    ],
)
def test_typed_amounts_become_minor_units(text, currency, amount_minor):
    assert parse(text, currency) == amount_minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("", "CNY", "type"),
        ("abc", "CNY", "type"),
        ("1,23,4", "CNY", "type"),
        ("NaN", "CNY", "type"),
        ("1e99", "CNY", "type"),
        ("0.001", "CNY", "pattern"),
        ("1.5", "JPY", "pattern"),
        ("10000000000000.01", "CNY", "max"),
        ("-10000000000001", "CNY", "max"),
    ],
)
def test_what_is_no_amount_is_refused(text, currency, code):
    with pytest.raises(Invalid) as caught:
        parse(text, currency)
    (error,) = caught.value.errors
    assert error.code == code
    assert error.message.format(**error.params)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "en", "zh"),
    [
        (134_500_000, "CNY", "CN¥1,345,000.00", "¥1,345,000.00"),
        (-5, "USD", "-$0.05", "-US$0.05"),
        (1234, "JPY", "¥1,234", "JP¥1,234"),
        (0, "KWD", "KWD\u00a00.000", "KWD\u00a00.000"),
    ],
)
def test_amounts_are_written_in_full(amount_minor, currency, en, zh):
    assert money.format(amount_minor, currency, "en") == en
    assert money.format(amount_minor, currency, "zh_CN") == zh


@pytest.mark.parametrize(
    ("amount_minor", "currency", "en", "zh"),
    [
        (134_500_000, "CNY", "CN¥1.3M", "¥134.5万"),
        (130_000_000, "USD", "$1.3M", "US$130万"),
        (99_999, "USD", "$1K", "US$1,000"),
        (99_949, "USD", "$999", "US$999"),
        (99_994_999, "USD", "$999.9K", "US$100万"),
        (99_995_000, "USD", "$1M", "US$100万"),
        (-1_200_000, "CNY", "-CN¥12K", "-¥1.2万"),
        (0, "CNY", "CN¥0", "¥0"),
        (-49, "CNY", "CN¥0", "¥0"),
        (10**15, "CNY", "CN¥10T", "¥10万亿"),
        (999_999_999_999, "CNY", "CN¥10B", "¥100亿"),
        (12345, "JPY", "¥12.3K", "JP¥1.2万"),
    ],
)
def test_amounts_are_written_briefly(amount_minor, currency, en, zh):
    assert compact(amount_minor, currency, "en") == en
    assert compact(amount_minor, currency, "zh_CN") == zh


@pytest.mark.parametrize(
    ("rounding", "amount_minor"),
    [("half_up", 3), ("half_even", 2), ("down", 2), ("up", 3)],
)
def test_conversion_names_its_rounding(rounding, amount_minor):
    assert convert(Money(5, "USD"), "EUR", Decimal("0.5"), rounding=rounding) == Money(amount_minor, "EUR")
    assert convert(Money(-5, "USD"), "EUR", Decimal("0.5"), rounding=rounding) == Money(-amount_minor, "EUR")


def test_conversion_knows_the_decimals_of_both_currencies():
    assert convert(Money(10_000, "USD"), "JPY", Decimal("150.25"), rounding="half_up") == Money(15_025, "JPY")
    assert convert(Money(1, "JPY"), "KWD", Decimal("0.002"), rounding="half_up") == Money(2, "KWD")


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_is_a_positive_number(rate):
    with pytest.raises(ValueError, match="positive"):
        convert(Money(1, "USD"), "EUR", Decimal(rate), rounding="half_up")


@given(AMOUNT, CURRENCY)
def test_what_is_written_in_full_is_read_back(amount_minor, currency):
    text = money.format(amount_minor, currency, "en").replace(symbol(currency, "en"), "")
    assert parse(text, currency) == amount_minor


@given(AMOUNT, CURRENCY)
def test_brief_amounts_are_short_and_close(amount_minor, currency):
    for locale in ("en", "zh_CN"):
        text = compact(amount_minor, currency, locale).replace(symbol(currency, locale), "")
        assert len(text) <= 9
        assert text.startswith("-") == (amount_minor < 0 and text != "0")


@given(AMOUNT, CURRENCY, st.sampled_from(["half_up", "half_even", "down", "up"]))
def test_converting_at_one_changes_nothing(amount_minor, currency, rounding):
    same = Money(amount_minor, currency)
    assert convert(same, currency, Decimal(1), rounding=rounding) == same


def test_currencies_with_other_decimals_are_known_by_their_number():
    unusual = money.unusual()
    assert {0, 3} <= set(unusual)
    assert 2 not in unusual
    assert "JPY" in unusual[0]
    assert all(digits(currency) == places for places, found in unusual.items() for currency in found)
