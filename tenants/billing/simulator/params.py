"""What a request may carry: nested form fields, checked against the typed parameters of Stripe's own library.

Stricter than the library's types in one respect, as Stripe itself is: of an open list of words only those listed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from stripe import RequestOptions

Nested = dict[str, Any]
_FOREIGN = {"StripeContext": Any, "Mapping": Mapping}
_PARTS = re.compile(r"\[([^\]]*)\]")


class Problem(Exception):
    """An answer other than success, in Stripe's shape."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "",
        param: str = "",
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message}}
        self.body["error"] |= {name: value for name, value in (("code", code), ("param", param)) if value}


def decode(pairs: Iterable[tuple[str, str]]) -> Nested:
    """Nest form fields: ``items[0][price]=p`` becomes ``{"items": {"0": {"price": "p"}}}``."""
    nested: Nested = {}
    for name, value in pairs:
        path = [name.partition("[")[0], *_PARTS.findall(name)]
        place = nested
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Problem(f"Invalid parameter: {name}", param=name)
        key = path[-1] or str(len(place))
        place[key] = value
    return nested


def check(params: type[Any], given: Mapping[str, Any], path: str = "") -> Nested:
    """Convert text into what the typed parameters say; raises :class:`Problem` for the first that is wrong."""
    hints, required = _shape(params)  # type: ignore[arg-type]
    for name in given:
        if name not in hints:
            place = _below(path, name)
            raise Problem(f"Received unknown parameter: {place}", code="parameter_unknown", param=place)
    for name in required:
        if name not in given:
            place = _below(path, name)
            raise Problem(f"Missing required param: {place}.", code="parameter_missing", param=place)
    return {name: _convert(hints[name], value, _below(path, name)) for name, value in given.items()}


@cache
def _shape(params: type[Any]) -> tuple[dict[str, Any], frozenset[str]]:
    # What the library imports for type checkers alone is never among a request's own parameters.
    hints = get_type_hints(params, {**_FOREIGN, **vars(sys.modules[params.__module__])})
    options = RequestOptions.__annotations__
    wanted = {name: hint for name, hint in hints.items() if name not in options}
    return wanted, frozenset(params.__required_keys__) & wanted.keys()


def _below(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _convert(hint: Any, value: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin is Union or type(hint).__name__ == "UnionType":
        return _one_of(get_args(hint), value, path)
    if origin is Literal:
        return _word(get_args(hint), value, path)
    if origin is list:
        return _list(get_args(hint)[0], value, path)
    if origin is dict:
        return {name: str(item) for name, item in _mapping(value, path).items()}
    if hasattr(hint, "__required_keys__"):
        return check(hint, _mapping(value, path), path)
    return _plain(hint, value, path)


def _one_of(hints: tuple[Any, ...], value: Any, path: str) -> Any:
    words = [hint for hint in hints if get_origin(hint) is Literal and get_args(hint) != ("",)]
    if words and str in hints:
        hints = tuple(hint for hint in hints if hint is not str)
    problem = Problem(f"Invalid value for {path}", param=path)
    for hint in hints:
        try:
            return _convert(hint, value, path)
        except Problem as error:
            problem = error
    raise problem


def _word(words: tuple[Any, ...], value: Any, path: str) -> str:
    if value in words:
        return str(value)
    raise Problem(f"Invalid {path}: must be one of {', '.join(map(str, words))}", param=path)


def _list(hint: Any, value: Any, path: str) -> list[Any]:
    if value == "":
        return []
    given = _mapping(value, path)
    if sorted(given) != sorted(str(number) for number in range(len(given))):
        raise Problem(f"Invalid array: {path}", param=path)
    return [_convert(hint, given[str(number)], f"{path}[{number}]") for number in range(len(given))]


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem(f"Invalid object: {path}", param=path)
    return value


def _plain(hint: Any, value: Any, path: str) -> Any:
    if hint is bool:
        if value not in ("true", "false"):
            raise Problem(f"Invalid boolean: {value}", param=path)
        return value == "true"
    if not isinstance(value, str):
        raise Problem(f"Invalid string: {path}", param=path)
    try:
        return hint(value) if hint in (int, float, Decimal) else value
    except (ValueError, InvalidOperation) as error:
        name = "integer" if hint is int else "decimal"
        raise Problem(f"Invalid {name}: {value}", code=f"parameter_invalid_{name}", param=path) from error
