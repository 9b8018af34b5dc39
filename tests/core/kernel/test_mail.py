from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.kernel.errors import Invalid, NotFound
from core.kernel.guards import InsideTransactionError, transaction
from core.kernel.mail import Attachment, Mailer, MailError, Message, _Server
from tests.fakes.smtp import SmtpServer

HELLO = Message(
    workspace=None,
    to=("张伟 <zhang@example.cn>", "bo@example.org"),
    subject="报价 2026",
    text="您好\n.\nfrom us",
    html="<p>您好</p>",
    headers={"Reply-To": "ann@example.org", "List-Unsubscribe": "<https://example.org/u>"},
    attachments=(Attachment("报价.pdf", b"%PDF", "application/pdf"),),
)


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    server = SmtpServer()
    await server.start()
    yield server
    server.stop()


@pytest.fixture
def development(tmp_path: Path) -> Mailer:
    return Mailer(None, sender="Guanxi <no-reply@example.org>", inbox=tmp_path / "inbox")


def by_smtp(smtp: SmtpServer, login: str = "") -> Mailer:
    url = f"smtp://{login}127.0.0.1:{smtp.port}"
    return Mailer(url, sender="Guanxi <no-reply@example.org>", inbox=Path("/nonexistent"), timeout_s=5)


async def test_sends_by_smtp(smtp: SmtpServer):
    receipt = await by_smtp(smtp).send(HELLO)
    (envelope,) = smtp.envelopes
    assert envelope.mail_from == "no-reply@example.org"
    assert envelope.rcpt_tos == ["zhang@example.cn", "bo@example.org"]
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == "报价 2026"
    assert mail["To"].addresses[0].display_name == "张伟"
    assert mail["Message-ID"] == receipt.message_id
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["您好", ".", "from us"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["报价.pdf"]
    assert receipt.refused == {}


async def test_logs_in(smtp: SmtpServer):
    await by_smtp(smtp, "ann%40x:right@").send(HELLO)
    assert smtp.logins == [(b"ann@x", b"right")]
    with pytest.raises(MailError) as caught:
        await by_smtp(smtp, "ann:wrong@").send(HELLO)
    assert not caught.value.permanent


async def test_tells_refusals_apart(smtp: SmtpServer):
    smtp.refuse = {"bo@example.org": "550 no such user"}
    receipt = await by_smtp(smtp).send(HELLO)
    assert list(receipt.refused) == ["bo@example.org"]
    assert smtp.envelopes[0].rcpt_tos == ["zhang@example.cn"]
    for reply, permanent in (("550 no", True), ("451 later", False)):
        smtp.refuse = {"bo@example.org": reply}
        with pytest.raises(MailError) as caught:
            await by_smtp(smtp).send(replace(HELLO, to=("bo@example.org",)))
        assert caught.value.permanent is permanent
    smtp.refuse, smtp.reply_to_data = {}, "554 spam"
    with pytest.raises(MailError) as caught:
        await by_smtp(smtp).send(HELLO)
    assert caught.value.permanent


@dataclass(frozen=True)
class Workspace:
    sandbox_of: UUID | None


async def test_a_sandbox_writes_to_nobody(smtp: SmtpServer, development: Mailer):
    copy = replace(HELLO, workspace=Workspace(uuid4()))
    assert (await by_smtp(smtp).send(copy)).refused == {}
    await development.send(copy)
    assert not smtp.envelopes
    assert development.inbox.newest() == []
    with pytest.raises(Invalid):
        await development.send(replace(copy, to=("nobody",)))
    await development.send(replace(HELLO, workspace=Workspace(None)))
    assert len(development.inbox.newest()) == 1


async def test_a_dead_server_is_worth_another_try(tmp_path: Path):
    mailer = Mailer("smtp://127.0.0.1:9", sender="a@example.org", inbox=tmp_path, timeout_s=2)
    with pytest.raises(MailError) as caught:
        await mailer.send(HELLO)
    assert not caught.value.permanent


async def test_the_development_inbox_keeps_and_shows(development: Mailer):
    await development.send(HELLO)
    await development.send(replace(HELLO, subject="second", html=None, attachments=()))
    assert development.is_development
    assert [entry.subject for entry in development.inbox.newest()] == ["second", "报价 2026"]
    mail = development.inbox.read(development.inbox.newest()[1].id)
    assert mail.text.splitlines() == ["您好", ".", "from us"]
    assert mail.html == "<p>您好</p>\n"
    assert mail.attachments == (Attachment("报价.pdf", b"%PDF", "application/pdf"),)
    assert ("List-Unsubscribe", "<https://example.org/u>") in mail.headers
    assert "张伟" in mail.entry.to


async def test_the_same_key_is_the_same_mail(development: Mailer):
    first = await development.send(replace(HELLO, key="job 1"))
    second = await development.send(replace(HELLO, key="job 1"))
    assert first.message_id == second.message_id
    assert len(development.inbox.newest()) == 1


async def test_the_inbox_stays_small(development: Mailer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.kernel.mail._KEPT_IN_INBOX", 3)
    for n in range(5):
        await development.send(replace(HELLO, subject=str(n)))
    assert [entry.subject for entry in development.inbox.newest()] == ["4", "3", "2"]


@pytest.mark.parametrize("mail_id", ["", "..", "0" * 16, "../x", "*"])
def test_the_inbox_reads_nothing_else(development: Mailer, mail_id: str):
    with pytest.raises(NotFound):
        development.inbox.read(mail_id)


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "a\r\nBcc: victim@example.org"},
        {"subject": "a\nb"},
        {"subject": "a\u2028b"},
        {"to": ("a@example.org\r\nBcc: b@example.org",)},
        {"to": ("a@example.org, b@example.org",)},
        {"to": ("A, B <a@example.org>, c@example.org",)},
        {"to": ("a b@example.org",)},
        {"to": ("a@",)},
        {"to": ("<a@example.org> x",)},
        {"to": ("a@example..org",)},
        {"to": ("a@b@c.org",)},
        {"to": ()},
        {"to": ("a@example.org",) * 101},
        {"sender": "x\n@example.org"},
        {"headers": {"Bcc": "b@example.org"}},
        {"headers": {"X-A\r\nBcc": "b@example.org"}},
        {"headers": {"X-A": "1\r\nBcc: b@example.org"}},
        {"attachments": (Attachment("a\r\nX: y", b""),)},
    ],
)
async def test_refuses_injection(development: Mailer, bad: dict[str, object]):
    with pytest.raises(Invalid):
        await development.send(replace(HELLO, **bad))  # type: ignore[arg-type]
    assert development.inbox.newest() == []


async def test_strange_text_is_carried_not_obeyed(development: Mailer):
    await development.send(replace(HELLO, text="a\r\n.\r\nMAIL FROM:<x>\rb\ud800", html=None, attachments=()))
    text = development.inbox.read(development.inbox.newest()[0].id).text
    assert text.splitlines() == ["a", ".", "MAIL FROM:<x>", "b?"]


async def test_refuses_inside_a_transaction(development: Mailer):
    with transaction(), pytest.raises(InsideTransactionError):
        await development.send(HELLO)


def test_reads_server_addresses():
    server = _Server.from_url("smtps://me%40x:p%3Aw@mail.example.org")
    assert (server.port, server.username, server.password, server.use_tls) == (465, "me@x", "p:w", True)
    assert _Server.from_url("starttls://mail.example.org").start_tls is True
    assert _Server.from_url("smtp://mail.example.org").start_tls is None
    # A password never goes over the network in the clear.
    assert _Server.from_url("smtp://me:pw@mail.example.org").start_tls is True
    for bad in ("http://mail.example.org", "smtp://", "mail.example.org"):
        with pytest.raises(ValueError, match="mail server"):
            _Server.from_url(bad)
