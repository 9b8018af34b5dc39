"""Where a form was sent from: a page of this site, whatever a browser says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Request


def came_from(request: Request[Any, Any, Any], otherwise: str) -> str:
    """The path and query of the page that sent this request."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host", "") or not parts.path.startswith("/w/"):
        return otherwise
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
