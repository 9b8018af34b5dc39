"""What tests of accounts do again and again: sign up, read the development inbox, follow the links in it."""

import re

from sqlalchemy import func, select

from core.tenancy.control_log import ControlEvent
from tenants.accounts import service

OWN = "a password of my own"
FORM = {"name": "Nora", "password": OWN, "workspace": "Nova", "slug": "nova", "timezone": "", "suggested": ""}


def links(runtime, to):
    """The paths of the links in the mails to an address, the latest first."""
    inbox = runtime.mailer.inbox
    texts = [inbox.read(entry.id).text for entry in inbox.newest() if entry.to == to]
    return [found[1] for text in texts if (found := re.search(r"https?://[^/\s]+(/confirm/\S+)", text))]


def subjects(runtime, to):
    """The subjects of the mails to an address, the latest first."""
    return [entry.subject for entry in runtime.mailer.inbox.newest() if entry.to == to]


async def sign_up(client, email, **changes):
    answer = await client.post("/signup", data={**FORM, "email": email, "_key": email, **changes})
    assert answer.status_code == 303, answer.text
    return answer


async def csrf(client, path):
    page = await client.get(path)
    assert page.status_code == 200, page.text
    return re.search(r'name="_csrf" value="([^"]*)"', page.text)[1]


async def follow(client, path, **data):
    return await client.post(path, data={"_csrf": await csrf(client, path), **data})


async def account(runtime, email, *, claims=False):
    async with runtime.control() as control:
        find = service.claiming if claims else service.by_email
        return await find(control, email)


async def told(runtime, name):
    async with runtime.control() as control:
        counted = select(func.count()).where(ControlEvent.name == name)
        return await control.session.scalar(counted)


async def log_in(client, email, password):
    client.cookies.clear()
    return await client.post("/login", data={"email": email, "password": password})
