"""Mails about accounts and workspaces: a few sentences and one link, in the reader's language, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.kernel.i18n import N_, translator
from core.kernel.mail import Attachment, Message
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from core.web.templating import environment

TEMPLATE = "accounts/letter.html"
NOT_YOU = N_("If it was not you, do nothing: without this link nothing happens.")


class Letter(NamedTuple):
    """What a mail says: texts are message ids, ``values`` fills them; ``path`` is where its button leads."""

    subject: str
    lines: Sequence[str]
    button: str = ""
    path: str = ""
    after: Sequence[str] = ()
    values: dict[str, str] = {}  # noqa: RUF012 (never written)
    attachments: tuple[Attachment, ...] = ()


def agreeing(path: str, day: str) -> Letter:
    """To the new address of a change; without a path it has an account, and only is told."""
    if not path:
        line = N_(
            "Somebody wanted to use this address for another account. It has one already, so nothing changes."
        )
        return Letter(subject=N_("Your e-mail address stays with your account"), lines=[line])
    return Letter(
        subject=N_("Confirm your new e-mail address"),
        lines=[
            N_(
                "Confirm that the address is yours. You sign in with it as soon as your present one confirms as well."
            ),
            N_("Without a word from there it changes on {day}."),
        ],
        button=N_("Confirm"),
        path=path,
        after=[NOT_YOU],
        values={"day": day},
    )


def stopping(path: str, email: str, day: str) -> Letter:
    """To the old address of a change."""
    return Letter(
        subject=N_("Your e-mail address is about to change"),
        lines=[
            N_("Somebody, most likely you, wants to sign in with {email} from now on."),
            N_(
                "If that was you, confirm it, and it changes as soon as the new address has confirmed as well."
            ),
            N_("If it was not, stop it: everybody is signed out, and you choose a new password."),
            N_("Without a word from you it changes on {day}."),
        ],
        button=N_("Confirm or stop it"),
        path=path,
        after=[N_("You can stop it for fourteen days, also after the change.")],
        values={"email": email, "day": day},
    )


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
