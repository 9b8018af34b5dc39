"""Send mail by SMTP, or keep it in the development inbox where no server is set.

Owns: the making of messages, the SMTP conversation, the folder `<home>/inbox`.
Never does: send inside a database transaction, let a header in through a value, retry (that is a job's part), or
send anything that happened in a sandbox.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from core.kernel.errors import Invalid, NotFound
from core.kernel.guards import outside_transaction
from core.kernel.i18n import N_
from core.kernel.ids import opaque
from core.kernel.metrics import MAIL

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}", re.ASCII)
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}", re.ASCII)
_OWN_HEADERS = frozenset(
    {"from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version"}
    | {"content-type", "content-transfer-encoding", "content-disposition"}
)
_SENDER = "Guanxi <no-reply@localhost>"
_MAX_RECIPIENTS = 100
_KEPT_IN_INBOX = 1000
# UTF-8 in addresses is refused, so that any server takes what we write.
_POLICY = policy.SMTP.clone(raise_on_defect=False)


class MailError(Exception):
    """The server did not take the message; `permanent` says that trying again is of no use."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class Workspace(Protocol):
    """In whose name a mail is written."""

    @property
    def sandbox_of(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail; addresses are `a@b.c` or `Name <a@b.c>`. An equal `key` gives an equal Message-ID.

    `workspace` is where it came of, None for what concerns a login alone: a sandbox writes to nobody.
    """

    to: tuple[str, ...]
    workspace: Workspace | None
    subject: str
    text: str
    html: str | None = None
    sender: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message; `refused` maps the recipients that the server refused to its reasons."""

    message_id: str
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """One line of the development inbox."""

    id: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class InboxMail:
    """One message of the development inbox; `html` is what was sent: show it in a sandboxed frame only."""

    entry: InboxEntry
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str | None
    attachments: tuple[Attachment, ...]


class Inbox:
    """Messages as `.eml` files, for development and tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, message: EmailMessage) -> None:
        """Store the message atomically; the same Message-ID again replaces it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:16]
        partial = self._folder / f".part-{opaque()}"
        partial.write_bytes(message.as_bytes())
        partial.replace(self._folder / f"{key}.eml")
        for path in self._paths()[_KEPT_IN_INBOX:]:
            path.unlink(missing_ok=True)

    def newest(self, limit: int = 100) -> list[InboxEntry]:
        """Return the newest messages first."""
        return [_entry(path, _parse(path)) for path in self._paths()[:limit]]

    def read(self, mail_id: str) -> InboxMail:
        """Return one message; raise NotFound where there is none."""
        path = self._folder / f"{mail_id}.eml"
        if not re.fullmatch(r"[0-9a-f]{16}", mail_id, re.ASCII) or not path.is_file():
            raise NotFound
        message = _parse(path)
        html = message.get_body(("html",))
        return InboxMail(
            entry=_entry(path, message),
            headers=tuple((name, str(value)) for name, value in message.items()),
            text=_content(message.get_body(("plain",))),
            html=None if html is None else _content(html),
            attachments=tuple(_attachment(part) for part in message.iter_attachments()),
        )

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(self._folder.glob("*.eml"), key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)


class Mailer:
    """Send messages through `smtp|smtps|starttls://user:password@host:port`, or into the inbox without it."""

    def __init__(
        self, url: str | None, *, inbox: Path, sender: str = _SENDER, timeout_s: float = 20.0
    ) -> None:
        self._server = _Server.from_url(url) if url else None
        self._sender = sender
        self._timeout_s = timeout_s
        self.inbox = Inbox(inbox)

    @property
    def is_development(self) -> bool:
        """Tell whether messages stay in the development inbox."""
        return self._server is None

    async def send(self, message: Message) -> Receipt:
        """Hand the message over; raise Invalid for a bad message, MailError if the server refuses it.

        One of a sandbox is looked at and goes no further.
        """
        outside_transaction("sending mail")
        mail = build(message, sender=message.sender or self._sender)
        refused: dict[str, str] = {}
        if message.workspace is not None and message.workspace.sandbox_of is not None:
            MAIL.labels("withheld").inc()
            return Receipt(str(mail["Message-ID"]), refused)
        if self._server is None:
            await asyncio.to_thread(self.inbox.write, mail)
        else:
            try:
                refused = await self._server.take(mail, self._timeout_s)
            except MailError as error:
                MAIL.labels("refused" if error.permanent else "failed").inc()
                raise
        MAIL.labels("sent").inc()
        return Receipt(str(mail["Message-ID"]), refused)


def build(message: Message, *, sender: str) -> EmailMessage:
    """Make the MIME message; raise Invalid where an address, a subject or a header is not one."""
    mail = EmailMessage(policy=_POLICY)
    origin = _address("sender", sender)
    if not 1 <= len(message.to) <= _MAX_RECIPIENTS:
        raise Invalid.field(
            "to", "mail.recipients", N_("Between 1 and {most} recipients."), most=_MAX_RECIPIENTS
        )
    mail["From"] = origin
    mail["To"] = [_address("to", to) for to in message.to]
    mail["Subject"] = _line("subject", message.subject)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = _message_id(message.key, origin.domain)
    for name, value in message.headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise Invalid.field("headers", "mail.header", N_("This header cannot be set."))
        mail[name] = _line("headers", value)
    mail.set_content(_body(message.text))
    if message.html is not None:
        mail.add_alternative(_body(message.html), subtype="html")
    for item in message.attachments:
        kind, _, subkind = item.media_type.partition("/")
        mail.add_attachment(
            item.content,
            maintype=kind,
            subtype=subkind or "octet-stream",
            filename=_line("attachments", item.name),
        )
    return mail


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    @classmethod
    def from_url(cls, url: str) -> _Server:
        parts = urlsplit(url)
        ports = {"smtp": 25, "smtps": 465, "starttls": 587}
        if parts.scheme not in ports or not parts.hostname:
            raise ValueError("the mail server is smtp://, smtps:// or starttls://[user:password@]host[:port]")
        username = unquote(parts.username) if parts.username else None
        # A password goes over the network under TLS only; without one, TLS is used where it is offered.
        must = parts.scheme == "starttls" or (
            username is not None and parts.hostname not in ("localhost", "127.0.0.1", "::1")
        )
        use_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or ports[parts.scheme],
            username=username,
            password=unquote(parts.password or "") if username else None,
            use_tls=use_tls,
            start_tls=False if use_tls else (True if must else None),
        )

    async def take(self, mail: EmailMessage, timeout_s: float) -> dict[str, str]:
        """Hand the message to the server; return the refused recipients with its reasons."""
        try:
            refused, _ = await aiosmtplib.send(
                mail,
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                use_tls=self.use_tls,
                start_tls=self.start_tls,
                timeout=timeout_s,
            )
        except aiosmtplib.SMTPException as error:
            raise MailError(f"{type(error).__name__}: {error}", permanent=_is_permanent(error)) from error
        except (OSError, TimeoutError) as error:
            raise MailError(f"{type(error).__name__}: {error}", permanent=False) from error
        return {address: f"{reply.code} {reply.message}" for address, reply in refused.items()}


def _is_permanent(error: aiosmtplib.SMTPException) -> bool:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return False  # the operator mends the password, the message is good
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500


def _line(path: str, value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 or c in "\u0085\u2028\u2029" for c in value):
        raise Invalid.field(
            path, "mail.line_break", N_("Line breaks and control characters are not allowed here.")
        )
    return value


def _address(path: str, value: str) -> Address:
    found = re.fullmatch(r'(?:"?([^"<>@]*?)"?\s*<([^<>\s]+)>|([^<>\s]+))', _line(path, value).strip())
    name, spec = (found[1] or "", found[2] or found[3]) if found else ("", "")
    local, at, domain = spec.rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", local, re.ASCII):
        raise Invalid.field(path, "mail.address", N_("This is not an e-mail address."))
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        if not _DOMAIN.fullmatch(ascii_domain):
            raise ValueError("no domain")
        return Address(name.strip(), local, ascii_domain)
    except ValueError as error:
        raise Invalid.field(path, "mail.address", N_("This is not an e-mail address.")) from error


def _message_id(key: str | None, domain: str) -> str:
    if key is None:
        return make_msgid(domain=domain)
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()


def _parse(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _entry(path: Path, message: EmailMessage) -> InboxEntry:
    return InboxEntry(
        id=path.stem,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])),
        size_bytes=os.stat(path).st_size,
    )


def _content(part: object) -> str:
    return str(part.get_content()).replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""


def _attachment(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    return Attachment(
        part.get_filename() or "file", content if isinstance(content, bytes) else b"", part.get_content_type()
    )
