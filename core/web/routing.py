"""Route decorators that demand a permission. A route that names neither one nor ``public=True`` fails at boot."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from litestar import Litestar, Request
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from core.web.signatures import mark, places
from core.web.transactions import Once, keep

LIVE_ONLY: Final = {"in_sandbox": False}


class Route(HTTPRouteHandler):
    """A handler with a declared permission; its answer is kept under the request's idempotency key.

    ``unpaid``: it writes also while the workspace is read-only for want of payment; for paying, for taking one's
    data along, and for whatever keeps a login safe.
    With ``opt={"secret": True}`` only that there was one is kept: it shows something that is stored nowhere. With
    ``opt={"sealed": True}`` it is kept under the workspace's key: programs that ask again must get it again.
    With ``opt={"upload": True}`` it takes large files: they go to the disk as they come, before anything is open.
    With ``opt=LIVE_ONLY``, which a controller may say for all its routes, it concerns the workspace itself: in its
    sandbox nobody comes here, but programs that read.
    """

    def __init__(
        self,
        path: str | list[str] | None = None,
        *,
        permission: str = "",
        public: bool = False,
        records: bool = False,
        unpaid: bool = False,
        **options: Any,
    ) -> None:
        if not permission and not public:
            raise ImproperlyConfiguredException(
                f"the route {path!r} declares neither permission nor public=True"
            )
        opt = {
            **(options.pop("opt", None) or {}),
            "permission": permission,
            "public": public,
            "records": records,
            "unpaid": unpaid,
        }
        options.setdefault("status_code", 200)
        super().__init__(path, opt=opt, **options)

    def on_registration(self, app: Litestar) -> None:
        """Join the application; the function's parameters need not say where they come from."""
        mark(self.fn, places(self.ownership_layers))
        super().on_registration(app)

    async def to_response(self, app: Litestar, data: Any, request: Request[Any, Any, Any]) -> ASGIApp:
        """Build the answer and, within the same transaction, keep it for a repetition of the request."""
        response = await super().to_response(app, data, request)
        # A subclass streams: there is no body to keep.
        if type(response) is ASGIResponse:
            await keep(request.scope, Once(response.status_code) if self.opt.get("secret") else response)
        return response


get = partial(Route, http_method="GET")
post = partial(Route, http_method="POST")
put = partial(Route, http_method="PUT")
patch = partial(Route, http_method="PATCH")
delete = partial(Route, http_method="DELETE")
