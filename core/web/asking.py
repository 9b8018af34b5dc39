"""Asks for more before something is done: a dialog on the page that asked, or a page of its own without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response

from core.kernel.errors import AppError
from core.tenancy.ctx import Ctx
from core.web.pages import render


def ask(
    ctx: Ctx,
    request: Request[Any, Any, Any],
    *,
    title: str,
    fields: Sequence[Mapping[str, Any]],
    action: str,
    **more: Any,
) -> Response[str]:
    """Show a form of ``fields`` that is sent to ``action``.

    ``more``: values; submit (the button's text); back (title and address, for the page); text (a line under the
    title); error (why it comes again, which undoes what was written); body (a template shown above the fields, with
    what it needs as ``given``); danger (the button warns); errors (those of the error unless given).
    """
    error: AppError | None = more.pop("error", None)
    if error is not None:
        ctx.roll_back()
    shown: dict[str, Any] = {
        "values": {},
        "submit": ctx.t("Save"),
        "back": ("", ctx.w("/")),
        "text": "",
        "body": "",
        "given": {},
        "version": None,
        "errors": error.errors if error is not None else (),
    }
    template = "web/ask_dialog.html" if "hx-request" in request.headers else "web/ask.html"
    return render(
        ctx,
        request,
        template,
        status=error.status if error is not None else 200,
        title=title,
        fields=fields,
        action=action,
        error=error,
        **{**shown, **more},
    )
