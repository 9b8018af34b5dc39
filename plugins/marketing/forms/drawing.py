"""Public pages that are the same for everybody but for some hidden inputs: drawn once, filled in for each visitor.

Owns the memory of drawn pages. Never keeps anything that one visitor sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from core.sdk import Response, opaque

MOST: Final = 200
_MARK: Final = opaque()
"""Unknown outside of this process, so that no form's text can hold it."""
_drawn: Final[OrderedDict[str, Response[Any]]] = OrderedDict()


def drawn_once(key: str, inputs: Mapping[str, str], draw: Callable[..., Response[Any]]) -> Response[Any]:
    """Give a page with the values of its ``inputs``; ``key`` holds all else that the page depends on."""
    kept = _drawn.get(key)
    if kept is None:
        kept = _drawn[key] = draw(inputs={name: f"{_MARK}{name};" for name in inputs})
        while len(_drawn) > MOST:
            _drawn.popitem(last=False)
    _drawn.move_to_end(key)
    html = kept.content
    for name, value in inputs.items():
        html = html.replace(f"{_MARK}{name};", escape(value))
    return Response(html, status_code=kept.status_code, media_type=kept.media_type, headers=kept.headers)
