"""Every error as one shape: RFC 9457 for the API, a page or a card for people, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from core.kernel import i18n
from core.kernel.errors import AppError, BadRequest, Conflict, NotFound, PreconditionFailed, Unavailable
from core.kernel.i18n import N_
from core.kernel.idempotency import Replay
from core.tenancy.sandboxes import NoSandbox, OfSandbox
from core.web.admission import Elsewhere
from core.web.pages import VARY
from core.web.request import is_api, principal_of, runtime_of
from core.web.templating import environment
from core.web.transactions import replayed

log = structlog.get_logger(__name__)
PROBLEM_JSON = "application/problem+json"
CAUSE = 300
PLACES = 5
"""How many workspaces the page of an error leads to."""
GONE = frozenset({"57P01", "57P02", "57P03", "08006", "08003", "08001", "53300", "57014", "55P03", "25006"})
"""SQLSTATEs that pass: shutdown, lost connections, too many of them, time limits, a locked row, read-only."""

UNSTORABLE = "22021"
"""The SQLSTATE of text with a zero byte, where an address brought one."""


def as_app_error(error: Exception) -> AppError:
    """Translate whatever was raised into the product's own errors."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, StaleDataError):
        return PreconditionFailed(N_("Somebody else changed this record meanwhile."))
    if isinstance(error, IntegrityError):
        return Conflict(N_("This contradicts something that is stored already."))
    if any(_passes(each) for each in _chain(error)):
        return Unavailable(retry_after_s=1)
    if isinstance(error, DBAPIError) and _sqlstate(error) == UNSTORABLE:
        return BadRequest(detail=N_("This text holds characters that nothing can hold."))
    if isinstance(error, HTTPException):
        return _of_framework(error)
    return AppError()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it: a lost connection shows itself first while its transaction is undone."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def _passes(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(error, (OperationalError, PoolTimeout, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _sqlstate(error) in GONE
    if isinstance(error, asyncpg.InternalClientError):
        # The driver loses its place when the server dies in the middle of many rows; the connection is given up.
        return True
    return isinstance(error, asyncpg.InterfaceError | EmulatedDBAPIException) and "closed" in str(error)


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or getattr(error.orig, "pgcode", ""))


def _of_framework(error: HTTPException) -> AppError:
    if error.status_code == 404:
        return NotFound()
    if error.status_code == 400:
        return BadRequest(detail=error.detail)
    return _Foreign(error)


class _Foreign(AppError):
    """An error of the framework's own, such as a method that a route does not have."""

    title = N_("This request is not possible here")

    def __init__(self, error: HTTPException) -> None:
        super().__init__(detail=error.detail, code=f"http.{error.status_code}", headers=error.headers)
        self.status = error.status_code  # type: ignore[misc]


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer an error, and log those that are ours; a repeated request gets its first answer again."""
    if isinstance(error, Replay):
        try:
            return replayed(error.answer)
        except Conflict as shown_once:
            error = shown_once
    problem = as_app_error(error)
    request_id = str(request.scope.get("gx.request_id", ""))
    if isinstance(problem, Unavailable):
        # Hundreds may come at once, and writing out where each was raised would hold everybody else up.
        log.warning("unavailable", request_id=request_id, error=f"{type(error).__name__}: {error}"[:CAUSE])
    elif problem.status >= 500:
        log.error("request failed", request_id=request_id, exc_info=error)
        _blame(request, error, request_id)
    headers = {"Cache-Control": "no-store", **(problem.headers or {})}
    if isinstance(problem, Elsewhere) and "hx-request" not in request.headers:
        return Response(None, status_code=303, headers={**headers, "Location": problem.url})
    if is_api(request):
        return _problem_document(request, problem, request_id, headers)
    if problem.status == 401 and "Location" in headers and "hx-request" not in request.headers:
        return Response(None, status_code=303, headers=headers)
    return _problem_page(request, problem, request_id, headers)


def _blame(request: Request[Any, Any, Any], error: Exception, request_id: str) -> None:
    """Count what went wrong against the module whose route it is."""
    handler, principal = request.scope.get("route_handler"), principal_of(request)
    plugin = handler.opt.get("plugin", "") if handler is not None else ""
    if plugin and principal is not None and principal.tenant is not None:
        place = f"{request.method} {request.scope.get('path_template') or request.scope['path']}"
        runtime_of(request).faults.note(principal.tenant.id, plugin, place, error, request_id)


def _problem_document(
    request: Request[Any, Any, Any], problem: AppError, request_id: str, headers: dict[str, str]
) -> Response[Any]:
    t = i18n.translator(reader_locale(request)).gettext
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": t(problem.title, **problem.params),
        "status": problem.status,
        "code": problem.code,
        "instance": request_id,
    }
    if problem.detail:
        body["detail"] = t(problem.detail, **problem.params)
    if problem.errors:
        body["errors"] = [
            {"path": item.path, "code": item.code, "message": t(item.message, **item.params)}
            for item in problem.errors
        ]
    body |= problem.members
    return Response(body, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def _problem_page(
    request: Request[Any, Any, Any], problem: AppError, request_id: str, headers: dict[str, str]
) -> Response[Any]:
    locale = reader_locale(request)
    t = i18n.translator(locale).gettext
    principal = principal_of(request)
    html = (
        environment(locale)
        .get_template("web/error.html")
        .render(
            status=problem.status,
            title=t(problem.title, **problem.params),
            detail=t(problem.detail, **problem.params) if problem.detail else "",
            errors=problem.errors,
            request_id=request_id,
            fragment="hx-request" in request.headers,
            theme=request.cookies.get("gx_theme", "auto"),
            back="" if isinstance(problem, NoSandbox) else _home(request),
            way=problem.way if isinstance(problem, OfSandbox) else None,
            places=principal.workspaces[:PLACES] if principal else (),
            is_stranger=principal is None,
        )
    )
    return Response(
        html, status_code=problem.status, media_type=MediaType.HTML, headers={"Vary": VARY, **headers}
    )


def reader_locale(request: Request[Any, Any, Any]) -> str:
    """The language to answer in before, or without, a context."""
    ctx = request.scope.get("gx.ctx")
    if ctx is not None:
        return str(ctx.locale)  # type: ignore[attr-defined]
    chosen = request.cookies.get("gx_locale", "")
    return chosen if chosen in i18n.LOCALES else i18n.negotiate(request.headers.get("accept-language", ""))


def _home(request: Request[Any, Any, Any]) -> str:
    parts = str(request.scope["path"]).split("/")
    return f"/w/{parts[2]}/" if len(parts) > 2 and parts[1] == "w" else "/"
