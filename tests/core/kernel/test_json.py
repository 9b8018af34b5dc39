import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import BadRequest
from core.kernel.validate import decode_json


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "request.malformed"),
        (b"{", "request.malformed"),
        (b"NaN", "request.malformed"),
        (b"[Infinity]", "request.malformed"),
        (b"[1e400]", "request.malformed"),
        (b'"\\ud800"', "request.malformed"),
        (b'"\xff"', "request.malformed"),
        (b'{"a":"x:y\\u003a","b":' + b"1" * 5000 + b"}", "request.malformed"),
        (b'{"a":1} x', "request.malformed"),
        (b"[" * 5000 + b"]" * 5000, "request.malformed"),
        (b"[" * 33 + b"1" + b"]" * 33, "request.too_deep"),
        (b'{"a":1,"a":2}', "request.duplicate_key"),
        (b'{"a":1,"a":"x\\u003ay"}', "request.duplicate_key"),
        (b'{"a":1,"\\u0061":2}', "request.duplicate_key"),
        (b'{"t":"10:24","b":{"x":1,"x":1}}', "request.duplicate_key"),
        (json.dumps({str(key): 0 for key in range(100_001)}).encode(), "request.too_large"),
    ],
)
def test_json_that_is_not_strict_is_refused(body, code):
    with pytest.raises(BadRequest) as caught:
        decode_json(body)
    assert caught.value.code == code


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


@given(JSON, st.booleans())
def test_all_json_without_duplicates_is_read(value, ascii_only):
    assert decode_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
