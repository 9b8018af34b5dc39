import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Invalid
from core.kernel.kinds import shown_phone
from core.kernel.types import (
    Color,
    Country,
    Currency,
    Email,
    Locale,
    Phone,
    Secret,
    ShortText,
    Tag,
    TimeZone,
    Url,
)
from core.kernel.validate import convert


class Kinds(msgspec.Struct, kw_only=True):
    email: Email | None = None
    phone: Phone | None = None
    url: Url | None = None
    currency: Currency | None = None
    country: Country | None = None
    color: Color | None = None
    locale: Locale | None = None
    zone: TimeZone | None = None
    tag: Tag | None = None
    text: ShortText | None = None
    secret: Secret | None = None


@pytest.mark.parametrize(
    ("field", "given", "normal"),
    [
        ("email", "Ann.Lee+x@Example.COM", "ann.lee+x@example.com"),
        ("email", "a@bücher.example", "a@xn--bcher-kva.example"),
        ("email", "张@例子.中国", "email"),
        ("email", "a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
        ("email", "a@b", "email"),
        ("email", "a@b_c.example.com", "email"),
        ("email", "a b@example.com", "email"),
        ("email", ".a@example.com", "email"),
        ("email", f"{'a' * 65}@example.com", "email"),
        ("email", f"a@{'b' * 250}.com", "email"),
        ("email", "a@ex_ample..com", "email"),
        ("phone", "13800138000", "+8613800138000"),
        ("phone", "１３８-0013-8000", "+8613800138000"),
        ("phone", "+86 (138) 0013 8000", "+8613800138000"),
        ("phone", "008613800138000", "+8613800138000"),
        ("phone", "021-61234567-801", "+862161234567;ext=801"),
        ("phone", "021-61234567转801", "+862161234567;ext=801"),
        ("phone", "400-820-8820", "+864008208820"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "1380013800", "phone"),
        ("phone", "call me", "phone"),
        ("phone", "", "phone"),
        ("url", "Example.com/Path?q=1#x", "https://example.com/Path?q=1#x"),
        ("url", "HTTP://例子.中国:8080/", "http://xn--fsqu00a.xn--fiqs8s:8080/"),
        ("url", "example.com:8080", "https://example.com:8080"),
        ("url", "javascript:alert(1)", "url"),
        ("url", "data:text/html,x", "url"),
        ("url", "https://user:pass@example.com", "url"),
        ("url", "https://exa mple.com", "url"),
        ("url", "https://example.com:99999", "url"),
        ("url", "https://[::1", "url"),
        ("url", "ftp://example.com", "url"),
        ("url", "nothing", "url"),
        ("currency", "cny", "CNY"),
        ("currency", "RMB", "currency"),
        ("country", "de", "DE"),
        ("country", "UK", "country"),
        ("color", "#AbC", "#aabbcc"),
        ("color", "#2563EB", "#2563eb"),
        ("color", "red", "pattern"),
        ("locale", "zh-CN", "zh_CN"),
        ("locale", "fr", "choice"),
        ("zone", "Asia/Shanghai", "Asia/Shanghai"),
        ("zone", "../../etc/passwd", "choice"),
        ("tag", " a\n b ", "a  b"),
        ("text", "a\u2028b", "a b"),
        ("text", "e\u0301", "é"),
        ("text", "\ufeff\u200b", ""),
        ("secret", " p w ", " p w "),
        ("text", "a\0b", "pattern"),
        ("text", "中\0", "pattern"),
        ("text", "a\ud800", "pattern"),
        ("secret", "\udfff", "pattern"),
    ],
)
def test_kinds_have_one_normal_form_or_one_code(field, given, normal):
    codes, found = [], ""
    try:
        found = getattr(convert(Kinds, {field: given}), field)
    except Invalid as error:
        codes = [(one.path, one.code) for one in error.errors]
    assert found == normal or codes == [(field, normal)]


def test_phones_are_read_in_the_region_of_the_call():
    assert convert(Kinds, {"phone": "030 901820"}, region="DE").phone == "+4930901820"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_normal_forms_are_stable(value):
    for field in Kinds.__struct_fields__:
        try:
            once = getattr(convert(Kinds, {field: value}), field)
        except Invalid:
            continue
        assert getattr(convert(Kinds, {field: once}), field) == once


@pytest.mark.parametrize(
    ("number", "home", "shown"),
    [
        ("+8613800138000", "CN", "138 0013 8000"),
        ("+8675758171234", "CN", "0757 5817 1234"),
        ("+442079460958", "CN", "+44 20 7946 0958"),
        ("+8613800138000", "", "+86 138 0013 8000"),
        ("by the gate", "CN", "by the gate"),
    ],
)
def test_a_phone_number_is_shown_in_groups(number, home, shown):
    assert shown_phone(number, home) == shown
