from typing import get_args

import msgspec
import pytest

from core.kernel import types


@pytest.mark.parametrize("name", types.__all__)
def test_every_type_carries_its_kind(name):
    _, meta = get_args(getattr(types, name))
    assert meta.extra["kind"]


def test_bounds_hold_in_plain_msgspec():
    msgspec.convert("a" * 200, types.Name)
    for value, kind in (("", types.Name), ("a" * 201, types.ShortText), (10**15 + 1, types.AmountMinor)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)
