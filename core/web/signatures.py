"""Says of each parameter of a handler where it comes from, so that handlers need not.

``ctx`` and ``control`` are the request's, ``data`` is its body, what the address names is part of the path, and
everything else stands behind the question mark. Whoever says it himself by ``Annotated`` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from typing import Annotated, Any, Final, get_origin

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

OF_FRAMEWORK: Final = frozenset(
    {"self", "return", "request", "socket", "state", "headers", "cookies", "query", "scope", "body"}
)
_PLACE: Final = re.compile(r"{([a-z_]+)[:}]")
DEPENDENCIES: Final = frozenset({"ctx", "control"})


def places(layers: Iterable[Any]) -> set[str]:
    """The names that the address of a handler has, from the application down to the handler."""
    found: set[str] = set()
    for layer in layers:
        for path in getattr(layer, "paths", None) or (getattr(layer, "path", None) or "",):
            found.update(_PLACE.findall(path))
    return found


def mark(handler: Any, named: Container[str]) -> None:
    """Write into a handler's annotations where its parameters come from; ``named`` are the names in its address."""
    for name, annotation in list(handler.__annotations__.items()):
        if name in OF_FRAMEWORK:
            continue
        kind = _resolved(handler, annotation)
        if kind is not None and get_origin(kind) is not Annotated:
            handler.__annotations__[name] = _source(name, named)[kind]


def _source(name: str, named: Container[str]) -> Any:
    if name in DEPENDENCIES:
        return NamedDependency
    if name == "data":
        return JSONBody
    return FromPath if name in named else FromQuery


def _resolved(handler: Callable[..., Any], annotation: Any) -> Any:
    """The type that an annotation names; None where the module does not know it."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, handler.__globals__)  # noqa: S307 - the module's own annotation
    except NameError:
        return None
