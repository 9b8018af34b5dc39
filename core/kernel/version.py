"""The version of the product, and whether it is one that a module asks for. Pure."""

import re
from typing import Final

VERSION: Final = "0.1.0"

_PART: Final = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)\s*")


def fits(wanted: str, version: str = VERSION) -> bool:
    """Whether a version meets all of ``wanted``, like ``>=0.1,<2``; raises ValueError for what is no such text."""
    return all(_holds(part, version) for part in wanted.split(",") if part.strip())


def _holds(part: str, version: str) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is no condition on a version")
    have, want = _numbers(version), _numbers(found[2])
    return {
        ">=": have >= want,
        "<=": have <= want,
        "==": have == want,
        "!=": have != want,
        ">": have > want,
        "<": have < want,
    }[found[1]]


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at the end: 1.0 is 1."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
