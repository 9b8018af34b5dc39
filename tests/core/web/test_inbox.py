"""The development inbox: on this machine alone, and only while mail stays here."""

from dataclasses import replace

import pytest

from core.kernel.mail import Message
from core.web.inbox import is_private


async def test_mail_that_was_kept_is_shown(stranger, runtime):
    message = Message(
        to=("bo@acme.test",),
        workspace=None,
        subject="报价 <b>1</b>",
        text="See https://guanxi.test/x",
        html="<p>See</p>",
    )
    await runtime.mailer.send(message)
    listed = await stranger.get("/dev/inbox")
    assert "报价 &lt;b&gt;1&lt;/b&gt;" in listed.text
    entry = runtime.mailer.inbox.newest()[0]
    shown = await stranger.get(f"/dev/inbox/{entry.id}")
    assert '<a href="https://guanxi.test/x"' in shown.text
    assert "&lt;p&gt;See&lt;/p&gt;" in shown.text
    assert (await stranger.get("/dev/inbox/0000000000000000")).status_code == 404
    assert (await stranger.get("/dev/inbox/..%2fsecret")).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [{"smtp_url": "smtp://mail"}, {"host": "0.0.0.0"}, {"public_url": "https://crm.example.com"}],
)
def test_it_is_closed_where_strangers_could_come(runtime, changed):
    assert is_private(runtime.settings)
    assert not is_private(replace(runtime.settings, **changed))
