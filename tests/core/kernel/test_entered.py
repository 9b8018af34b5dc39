from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.entered import read_bool, read_date, read_datetime, read_decimal, read_time

EAST = timezone(timedelta(hours=8))
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1'234.5", "1234.5"),
        ("1,234", "1234"),
        ("1.234", "1.234"),
        ("1,23", "1.23"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("１２３．５", "123.5"),
        ("−5", "-5"),
        ("+.5", "0.5"),
        ("1e3", "1000"),
        ("1.5万", "15000"),
        ("2亿", "200000000"),
        ("", None),
        ("万", None),
        ("1,2,3", None),
        ("12,34.5", None),
        ("1.2.3", None),
        ("1.234,567,8", None),
        ("--1", None),
        ("NaN", None),
        ("inf", None),
        ("0x10", None),
        ("1e999", None),
        ("9" * 50, None),
    ],
)
def test_numbers_are_read_with_usual_separators(text, number):
    assert read_decimal(text) == (None if number is None else Decimal(number))


def test_answers_are_read_in_both_languages():
    assert [read_bool(text) for text in ("YES", "是", "ｏｎ", "0", "否", "maybe")] == [
        True,
        True,
        True,
        False,
        False,
        None,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-05", "2026/11/5", "2026.11.05", "20261105", "2026年11月5日", "2026 年 11 月 5 日", "２０２６-11-05",
        "2026年11月5日 星期四", "2026-11-05（周四）",
        "Nov 5, 2026", "November 5th 2026", "5 Nov 2026", "05-Nov-2026"
    ],
)  # fmt: skip
def test_days_are_read_in_usual_forms(text):
    assert read_date(text) == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("21/11/2026", date(2026, 11, 21)),
        ("11/21/2026", date(2026, 11, 21)),
        ("5/5/2026", date(2026, 5, 5)),
        ("03/04/2026", None),
        ("2026-02-30", None),
        ("2026-13-01", None),
        ("Ma 5, 2026", None),
        ("Jun 31, 2026", None),
        ("Sept 5, 2026", date(2026, 9, 5)),
        ("26-11-05", None),
        ("", None),
    ],
)
def test_what_could_be_two_days_is_not_read(text, day):
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T10:24", datetime(2026, 11, 21, 10, 24, tzinfo=EAST)),
        ("2026-11-21 10:24:30.5", datetime(2026, 11, 21, 10, 24, 30, 500_000, tzinfo=EAST)),
        ("2026-11-21T02:24:00Z", datetime(2026, 11, 21, 2, 24, tzinfo=UTC)),
        ("2026-11-21T10:24:00+0800", datetime(2026, 11, 21, 10, 24, tzinfo=EAST)),
        ("2026/11/21 3:05 PM", datetime(2026, 11, 21, 15, 5, tzinfo=EAST)),
        ("Nov 21, 2026 12:05 am", datetime(2026, 11, 21, 0, 5, tzinfo=EAST)),
        ("2026年11月21日 下午3:05", datetime(2026, 11, 21, 15, 5, tzinfo=EAST)),
        ("2026年11月21日15时05分", datetime(2026, 11, 21, 15, 5, tzinfo=EAST)),
        ("2026年11月21日 星期六 15点", datetime(2026, 11, 21, 15, 0, tzinfo=EAST)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=EAST)),
        ("2026-11-21 25:00", None),
        ("2026-11-21 10:24+99:00", None),
        ("tomorrow", None),
    ],
)
def test_instants_are_read_in_the_zone_unless_they_say_one(text, instant):
    assert read_datetime(text, EAST) == instant


def test_without_a_zone_only_full_instants_are_read():
    assert read_datetime("2026-11-21 10:24", None) is None
    assert read_datetime("2026-11-21 10:24Z", None) == datetime(2026, 11, 21, 10, 24, tzinfo=UTC)


def test_times_of_day_are_read():
    assert [read_time(text) for text in ("10:24", "下午3点", "3:05 pm", "24:00", "10:24Z", "x")] == [
        time(10, 24), time(15), time(15, 5), None, None, None,
    ]  # fmt: skip


@given(ANY)
def test_any_text_is_read_or_not(text):
    for read in (read_decimal, read_bool, read_date, read_time):
        read(text)
    read_datetime(text, EAST)


@given(st.decimals(-(10**12), 10**12, places=2))
def test_numbers_written_by_machines_are_read_back(number):
    assert read_decimal(str(number)) == number
    if abs(number) >= 1000:
        assert read_decimal(f"{number:,}") == number


@given(st.dates(date(1000, 1, 1)))
def test_days_written_by_machines_are_read_back(day):
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%B %d, %Y}",
        f"{day.year}年{day.month}月{day.day}日",
    ):
        assert read_date(text) == day
