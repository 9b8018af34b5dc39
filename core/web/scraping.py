"""Shows the process's numbers to Prometheus, where the operator set a token for it.

With several web workers, the one that answers shows its own numbers.
"""

from __future__ import annotations

import hmac
from typing import Any

from litestar import Request, Response, get

from core.kernel import metrics
from core.kernel.errors import NotFound


@get("/metrics", opt={"public": True}, include_in_schema=False)
async def scrape(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer a scrape that carries the token; to anybody else there is nothing here."""
    token = request.app.state.runtime.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise NotFound
    return Response(metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})
