"""The development inbox: mail that was kept instead of sent, because no mail server is set.

Owns nothing: core.kernel.mail keeps the messages. Never served where strangers could read it.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from core.settings import Settings
from core.web.problems import reader_locale
from core.web.request import runtime_of
from core.web.templating import environment


def is_private(settings: Settings) -> bool:
    """Whether this installation keeps its mail, and serves this machine alone."""
    return not settings.smtp_url and _is_loopback(settings.host) and _is_loopback(_public_host(settings))


@get("/dev/inbox", opt={"asset": True}, include_in_schema=False)
async def messages(request: Request[Any, Any, Any]) -> Response[str]:
    """List the newest messages."""
    found = await asyncio.to_thread(runtime_of(request).mailer.inbox.newest)
    return _page(request, "web/inbox.html", entries=found)


@get("/dev/inbox/{mail_id:str}", opt={"asset": True}, include_in_schema=False)
async def message(request: Request[Any, Any, Any], mail_id: FromPath[str]) -> Response[str]:
    """Show one message as text; what was sent as HTML is shown as it was written."""
    mail = await asyncio.to_thread(runtime_of(request).mailer.inbox.read, mail_id)
    return _page(request, "web/inbox_mail.html", mail=mail)


def _page(request: Request[Any, Any, Any], template: str, **values: Any) -> Response[str]:
    locale = reader_locale(request)
    theme = request.cookies.get("gx_theme", "auto")
    shown = environment(locale).get_template(template).render(theme=theme, **values)
    return Response(shown, media_type=MediaType.HTML)


def _public_host(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
