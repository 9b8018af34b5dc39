"""Acme has web forms, the other workspace has not; a visitor who fills them in like a browser does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from plugins.marketing.forms import service, tickets
from plugins.marketing.forms.definition import Field
from plugins.marketing.forms.models import Form
from plugins.marketing.forms.schema import FormIn, FormPatch
from tests.fixtures.people import BASE, Person

Having = Callable[[str], Awaitable[Any]]
INPUT = re.compile(r"<input[^>]*>")
SIMPLE = (
    Field(key="name", label="Your name", target="name", required=True),
    Field(key="email", label="E-mail", type="email", target="email", required=True),
    Field(key="phone", label="Phone", type="phone", target="mobile"),
    Field(key="message", label="Message", type="textarea", target="notes"),
)
ANSWERS = {"name": "Li Wei", "email": "li@example.com", "message": "Please call me."}


@pytest.fixture
async def forms(ann: Person, zed: Person, having: Having) -> Person:
    """Ann, whose workspace has web forms; Zed's has not."""
    await having("marketing.forms")
    return ann


async def published(person: Person, **values: Any) -> Form:
    """A published form with some simple fields."""
    given = {"name": "Contact", "slug": "hello", "fields": list(SIMPLE), "min_seconds": 0, "effort": "low"}
    async with person.acting() as ctx:
        form = await service.create(ctx, FormIn(**{**given, **values}))
        return await service.publish(ctx, form)


async def change(person: Person, form: Form, **values: Any) -> None:
    """Change a form's draft and publish it."""
    async with person.acting() as ctx:
        found = await ctx.session.get_one(Form, form.id)
        await service.update(ctx, found, FormPatch(**values))
        await service.publish(ctx, found)


@dataclass
class Visitor:
    """Somebody at a form's public page."""

    client: httpx.AsyncClient
    workspace: str

    def url(self, slug: str = "hello", rest: str = "") -> str:
        return f"/p/{self.workspace}/marketing/forms/{slug}{rest}"

    async def open(self, slug: str = "hello", rest: str = "", **query: str) -> dict[str, str]:
        """The hidden inputs of a page as it is shown."""
        answer = await self.client.get(self.url(slug, rest), params=query)
        assert answer.status_code == 200, answer.text
        return hidden(answer.text)

    async def fill_in(
        self,
        answers: dict[str, Any] | None = None,
        *,
        slug: str = "hello",
        page: dict[str, str] | None = None,
        proven: bool = True,
        files: Any = None,
    ) -> httpx.Response:
        """Send a form; with a proof as a browser with JavaScript finds it."""
        inputs = dict(page or await self.open(slug))
        if proven:
            inputs["_proof"] = tickets.work(inputs["_ticket"], 8)
        given = ANSWERS if answers is None else answers
        return await self.client.post(self.url(slug), data={**inputs, **given}, files=files)


def hidden(html: str) -> dict[str, str]:
    """The names and values of hidden inputs."""
    found = {}
    for tag in INPUT.findall(html):
        if 'type="hidden"' in tag:
            name = re.search(r'name="([^"]*)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            found[name[1] if name else ""] = unescape(value[1]) if value else ""
    return found


@pytest.fixture
async def visitor(app: Litestar, forms: Person) -> AsyncIterator[Visitor]:
    """A visitor of Acme's forms."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
        yield Visitor(client, forms.tenant.slug)


def record(answer: httpx.Response) -> UUID:
    """The id in the address that an answer leads to."""
    return UUID(answer.headers["location"].rpartition("/")[2])
