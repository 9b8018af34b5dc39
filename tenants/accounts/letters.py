"""Mails about accounts and workspaces: a few sentences and one link, in the reader's language, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.kernel.i18n import translator
from core.kernel.mail import Attachment, Message
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from core.web.templating import environment

TEMPLATE = "accounts/letter.html"


class Letter(NamedTuple):
    """What a mail says: texts are message ids, ``values`` fills them; ``path`` is where its button leads."""

    subject: str
    lines: Sequence[str]
    button: str = ""
    path: str = ""
    after: Sequence[str] = ()
    values: dict[str, str] = {}  # noqa: RUF012 (never written)
    attachments: tuple[Attachment, ...] = ()


async def send(
    runtime: Runtime, to: str, letter: Letter, *, workspace: Tenant | None, locale: str, key: str
) -> None:
    """Send a letter; sent again under the same ``key`` it is the same mail.

    ``workspace`` is the one that it is about, None where it concerns a login alone.
    """
    t = translator(locale).gettext
    said = [t(line, **letter.values) for line in letter.lines]
    after = [t(line, **letter.values) for line in letter.after]
    url = f"{runtime.settings.public_url}{letter.path}" if letter.path else ""
    subject = t(letter.subject, **letter.values)
    html = environment(locale).get_template(TEMPLATE)
    shown = html.render(
        subject=subject, lines=said, after=after, url=url, button=t(letter.button) if url else ""
    )
    text = "\n\n".join([*said, *([url] if url else []), *after, "Guanxi"]) + "\n"
    message = Message(
        to=(to,),
        workspace=workspace,
        subject=one_line(subject),
        text=text,
        html=shown,
        key=key,
        attachments=letter.attachments,
    )
    await runtime.mailer.send(message)


def one_line(text: str) -> str:
    """A subject without what would end its line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
