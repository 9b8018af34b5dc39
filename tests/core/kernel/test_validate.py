import enum
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from core.kernel.errors import AppError, BadRequest, Invalid
from core.kernel.types import (
    AmountMinor,
    Email,
    LongText,
    Name,
    Phone,
    ShortText,
    Tag,
)
from core.kernel.validate import convert, fields


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class PhoneIn(msgspec.Struct):
    number: Phone
    label: Literal["work", "home"] = "work"


class CustomerIn(msgspec.Struct, kw_only=True):
    name: Annotated[Name, Meta(title="Company", description="As on the licence")]
    note: LongText | None = None
    email: Email | None = None
    phones: Annotated[list[PhoneIn], Meta(max_length=3)] = []
    tags: list[Tag] = []
    owner_id: UUID | None = None
    amount_minor: AmountMinor = 0
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    share: Annotated[Decimal, Meta(extra={"ge": 0, "le": 100})] | None = None
    next_on: date | None = None
    met_at: datetime | None = None
    opens: time | None = None
    is_key: bool = False
    size: Size | None = None
    extra: dict[str, Any] = {}
    labels: dict[str, ShortText] = {}


class CustomerPatch(msgspec.Struct, kw_only=True):
    name: Name | UnsetType = UNSET
    note: LongText | UnsetType | None = UNSET
    rating: int | UnsetType | None = UNSET


def errors_of(struct, data, **options):
    with pytest.raises(AppError) as caught:
        convert(struct, data, **options)
    return {error.path: error.code for error in caught.value.errors}, caught.value


def test_good_json_becomes_the_struct():
    found = convert(
        CustomerIn,
        {
            "name": "  华夏科技\u3000",
            "email": "Ann@EXAMPLE.com",
            "phones": [{"number": "138 0013 8000"}, {"number": "+1 202-456-1111", "label": "home"}],
            "owner_id": "01a1ff92-cc7a-7552-8425-62fcf8ecb72c",
            "amount_minor": 12345,
            "share": "12.50",
            "next_on": "2026-11-21",
            "met_at": "2026-11-21T10:24:00+08:00",
            "opens": "09:00:00",
            "is_key": True,
            "size": "large",
            "extra": {"a": [1, {"b": None}]},
            "labels": {"x": " y "},
        },
    )
    assert found.name == "华夏科技"
    assert found.email == "ann@example.com"
    assert [(phone.number, phone.label) for phone in found.phones] == [
        ("+8613800138000", "work"),
        ("+12024561111", "home"),
    ]
    assert found.owner_id == UUID("01a1ff92-cc7a-7552-8425-62fcf8ecb72c")
    assert found.share == Decimal("12.50")
    assert found.met_at == datetime(2026, 11, 21, 2, 24, tzinfo=UTC)
    assert (found.next_on, found.opens, found.size) == (date(2026, 11, 21), time(9), Size.LARGE)
    assert found.extra == {"a": [1, {"b": None}]}
    assert found.labels == {"x": "y"}


def test_defaults_are_never_shared():
    assert convert(CustomerIn, {"name": "a"}).tags is not convert(CustomerIn, {"name": "b"}).tags


def test_all_errors_come_at_once_with_paths():
    codes, error = errors_of(
        CustomerIn,
        {
            "email": "nobody",
            "phones": [{"number": "123"}, {}, {"number": "13800138000", "label": "fax"}],
            "tags": ["ok", "", "x" * 51],
            "owner_id": "no",
            "amount_minor": 10**16,
            "rating": 6,
            "share": "101",
            "next_on": "2026-02-30",
            "met_at": "2026-11-21T10:24:00",
            "is_key": "yes",
            "size": "medium",
            "labels": {"a": "x" * 201},
        },
    )
    assert codes == {
        "name": "required",
        "email": "email",
        "phones.0.number": "phone",
        "phones.1.number": "required",
        "phones.2.label": "choice",
        "tags.1": "required",
        "tags.2": "max_length",
        "owner_id": "type",
        "amount_minor": "max",
        "rating": "max",
        "share": "max",
        "next_on": "type",
        "met_at": "type",
        "is_key": "type",
        "size": "choice",
        "labels.a": "max_length",
    }
    assert isinstance(error, Invalid)
    assert error.status == 422
    assert error.errors[0].path == "name"


def test_every_message_can_be_filled_with_its_params():
    _, error = errors_of(CustomerIn, {"name": "x" * 201, "rating": 0, "size": "m", "phones": [{}] * 4})
    texts = [one.message.format(**one.params) for one in error.errors]
    assert texts == [
        "Use at most 200 characters",
        "Give at most 3 entries",
        "Enter 1 or more",
        "Choose one of: small, large",
    ]


def test_unknown_fields_are_refused_together_with_wrong_values():
    codes, error = errors_of(CustomerIn, {"nmae": "x", "phones": [{"number": "110", "type": 1}]})
    assert isinstance(error, BadRequest)
    assert (error.status, error.code) == (400, "request.unknown_field")
    assert codes == {
        "name": "required",
        "phones.0.number": "phone",
        "phones.0.type": "unknown",
        "nmae": "unknown",
    }


def test_patch_tells_absent_from_null():
    found = convert(CustomerPatch, {"note": None, "rating": 3})
    assert (found.name, found.note, found.rating) == (UNSET, None, 3)
    assert errors_of(CustomerPatch, {"name": None})[0] == {"name": "required"}


def test_typed_text_empty_is_null_or_absent_or_required():
    found = convert(CustomerPatch, {"name": "", "note": " ", "rating": ""}, text=True)
    assert (found.name, found.note, found.rating) == (UNSET, None, None)
    assert errors_of(CustomerIn, {"name": "  ", "amount_minor": ""}, text=True)[0] == {"name": "required"}


def test_typed_text_is_read_tolerantly():
    found = convert(
        CustomerIn,
        {
            "name": "Ann",
            "amount_minor": "1,234",
            "rating": "３",
            "share": "12,5",
            "next_on": "2026年11月21日",
            "met_at": "2026/11/21 10:24",
            "opens": "下午3:05",
            "is_key": ["", "on"],
            "size": "small",
            "tags": "vip，老客户; new",
            "phones.1.number": "021-61234567",
            "phones.5.number": "13800138000",
            "phones.5.label": "home",
            "labels.x": "1",
        },
        text=True,
        zone=ZoneInfo("Asia/Shanghai"),
    )
    assert (found.amount_minor, found.rating, found.share) == (1234, 3, Decimal("12.5"))
    assert found.met_at == datetime(2026, 11, 21, 2, 24, tzinfo=UTC)
    assert (found.next_on, found.opens, found.is_key) == (date(2026, 11, 21), time(15, 5), True)
    assert found.tags == ["vip", "老客户", "new"]
    assert [phone.number for phone in found.phones] == ["+862161234567", "+8613800138000"]
    assert found.labels == {"x": "1"}


def test_typed_cells_of_a_spreadsheet_keep_their_types():
    found = convert(
        CustomerIn,
        {"name": 13800138000.0, "next_on": date(2026, 1, 2), "rating": 4.0, "share": 0.1, "note": None},
        text=True,
    )
    assert (found.name, found.next_on, found.rating, found.share) == (
        "13800138000",
        date(2026, 1, 2),
        4,
        Decimal("0.1"),
    )


def test_typed_errors_have_the_paths_of_the_inputs():
    assert errors_of(CustomerIn, {"name": "a", "phones.0.number": "1", "rating": "x"}, text=True)[0] == {
        "phones.0.number": "phone",
        "rating": "type",
    }


@pytest.mark.parametrize(
    "data", [{"phones": "a", "phones.0": "b"}, {"a.0": "1", "a.0.b": "2"}, {"a.b.c": "1", "a.b": "2"}]
)
def test_contradicting_keys_of_a_form_are_refused(data):
    with pytest.raises(AppError):
        convert(CustomerIn, data, text=True)


class Odd(msgspec.Struct):
    number: int = 0
    exact: Decimal = Decimal(0)
    ratio: float = 0.0
    free: Any = None


@pytest.mark.parametrize(
    "data",
    [
        {"number": 2**63},
        {"number": True},
        {"number": "1"},
        {"number": 1.5},
        {"number": None},
        {"exact": "NaN"},
        {"exact": "Infinity"},
        {"exact": "1e999999"},
        {"exact": "1" * 100},
        {"exact": True},
        {"ratio": "1"},
        {"free": "a\0"},
        {"free": [{"\ud800": 1}]},
        [],
        "text",
    ],
)
def test_values_that_would_break_later_are_refused(data):
    with pytest.raises(Invalid):
        convert(Odd, data)


def test_instants_stay_within_the_calendar():
    assert errors_of(CustomerIn, {"name": "a", "met_at": "0001-01-01T00:00:00+14:00"})[0] == {
        "met_at": "type"
    }
    assert convert(CustomerIn, {"name": "a", "met_at": datetime(2026, 1, 1, tzinfo=UTC)}).met_at.year == 2026


def test_fields_describe_a_struct():
    described = {field.name: field for field in fields(CustomerIn)}
    name, size, amount = described["name"], described["size"], described["amount_minor"]
    assert (name.kind, name.required, name.title, name.help, name.max_length, name.type) == (
        "name",
        True,
        "Company",
        "As on the licence",
        200,
        str,
    )
    assert size.choices == (("small", "Small"), ("large", "Large"))
    assert (size.kind, size.required, size.type) == ("choice", False, Size)
    assert (amount.kind, amount.title) == ("money", "Amount minor")
    assert {
        one: described[one].kind
        for one in ("tags", "phones", "extra", "is_key", "met_at", "owner_id", "share")
    } == {
        "tags": "tags",
        "phones": "list",
        "extra": "object",
        "is_key": "bool",
        "met_at": "datetime",
        "owner_id": "ref",
        "share": "number",
    }
    assert [field.name for field in fields(CustomerIn)] == list(CustomerIn.__struct_fields__)
    assert fields(PhoneIn)[1].choices == (("work", "Work"), ("home", "Home"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(
        st.sampled_from([*CustomerIn.__struct_fields__, "x", "phones.0.number", "labels.a"]), JSON
    )
)
def test_any_json_is_a_struct_or_an_answer(data):
    for text in (False, True):
        try:
            found = convert(CustomerIn, data, text=text)
        except (BadRequest, Invalid) as error:
            refused = error
        else:
            msgspec.convert(msgspec.to_builtins(found), CustomerIn)
            continue
        assert all(one.message.format(**one.params) for one in refused.errors)


WIDE = datetime(2200, 1, 1)  # noqa: DTZ001 - Hypothesis wants naive bounds


@given(st.datetimes(WIDE.replace(year=1900), WIDE, timezones=st.just(timezone(timedelta(hours=8)))))
def test_instants_survive_json_and_text(instant):
    whole = instant.replace(microsecond=0)
    assert convert(CustomerIn, {"name": "a", "met_at": instant.isoformat()}).met_at == instant
    for text in (whole.isoformat(), f"{whole:%Y年%m月%d日 %H:%M:%S}", f"{whole:%Y/%m/%d %I:%M:%S %p}"):
        found = convert(CustomerIn, {"name": "a", "met_at": text}, text=True, zone=instant.tzinfo)
        assert found.met_at == whole
