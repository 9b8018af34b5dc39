"""A web form in a browser: built and published, sent with and without scripts, and inside another site's page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from core.pipeline.leads.models import Lead
from plugins.marketing.forms.definition import Condition, Field
from plugins.marketing.forms.models import Submission
from tests.e2e.conftest import NARROW, PATIENCE_S, WIDE, Open, Site
from tests.e2e.test_accessible import AXE, CONTRAST, RULES, violations
from tests.fixtures.people import Person
from tests.plugins.marketing.forms.conftest import SIMPLE, published

Drain = Callable[[], Awaitable[None]]
KIND = Field(key="kind", label="Kind", type="select", options=["Company", "Person"])
VAT = Field(
    key="vat", label="VAT number", required=True, show_if=[Condition(field="kind", op="is", value="Company")]
)


@pytest.fixture
async def forms(ann: Person, zed: Person, having: Callable[[str], Awaitable[Any]]) -> Person:
    """Ann, whose workspace has web forms."""
    await having("marketing.forms")
    return ann


@pytest.fixture
async def plain(browser: Browser, fresh: None) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open windows of visitors."""
    opened = []

    async def _open(**options: Any) -> Page:
        context = await browser.new_context(viewport=WIDE, locale="en", **options)
        opened.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        return page

    yield _open
    for context in opened:
        await context.close()


async def states(person: Person) -> list[str]:
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(Submission.state).order_by(Submission.created_at)))


async def names(person: Person) -> list[str]:
    async with person.ctx() as ctx:
        return list(await ctx.session.scalars(select(Lead.name).order_by(Lead.name)))


def place(person: Person, rest: str = "") -> str:
    return f"/p/{person.tenant.slug}/marketing/forms/hello{rest}"


async def fill(page: Any, name: str) -> None:
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("E-mail").fill(f"{name.lower().replace(' ', '.')}@example.com")
    await page.get_by_role("button", name="Send").click()


async def test_a_form_is_built_published_and_sent(
    forms: Person, visit: Open, plain: Callable[..., Awaitable[Page]], site: Site, drain: Drain
) -> None:
    window = await visit(forms)
    page = window.page
    await window.go(forms.w("/marketing/forms/forms"))
    await page.get_by_role("link", name="Contact us").first.click()
    company = page.locator("[data-fields] summary", has_text="Company")
    # Keys move fields from when the builder's own file is there; it comes after the page.
    await page.locator("gx-builder").evaluate("(node) => import(node.dataset.module)")
    await company.focus()
    await company.press("Alt+ArrowUp")
    await expect(page.locator("[data-fields] summary").nth(2)).to_contain_text("Company")
    await page.get_by_role("button", name="Choice", exact=True).click()
    last = page.locator("[data-fields] > li").last
    await last.get_by_label("Question").fill("How many seats?")
    await last.get_by_label("Choices, one on each line").fill("1\n10")
    await expect(page.locator("#gxb-preview")).to_contain_text("How many seats?")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.locator(".page-title .badge").first).to_have_text("Published")
    await page.get_by_role("link", name="Share and results").click()
    address = await page.get_by_label("Address of the page").input_value()
    visitor = await plain()
    await visitor.goto(address)
    await visitor.get_by_label("How many seats?").select_option("10")
    await visitor.wait_for_timeout(2_100)
    await fill(visitor, "Li Wei")
    await expect(visitor.get_by_role("heading", name="Thank you")).to_be_visible()
    await drain()
    assert (await states(forms), await names(forms)) == (["accepted"], ["Li Wei"])


async def test_a_form_follows_the_answers(
    forms: Person, plain: Callable[..., Awaitable[Page]], site: Site
) -> None:
    step = Field(key="more", label="More", step=2)
    await published(forms, fields=[*SIMPLE, KIND, VAT, step])
    page = await plain()
    await page.goto(site.url + place(forms))
    await expect(page.get_by_label("VAT number")).to_be_hidden()
    await page.get_by_label("Kind").select_option("Company")
    await expect(page.get_by_label("VAT number")).to_be_visible()
    await page.get_by_label("Your name").fill("Ann")
    await page.get_by_label("E-mail").fill("ann@example.com")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_label("More")).to_be_hidden()
    await page.get_by_label("VAT number").fill("DE1")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_label("More")).to_be_visible()
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


async def test_it_works_without_scripts(
    forms: Person, plain: Callable[..., Awaitable[Page]], site: Site, drain: Drain
) -> None:
    await published(forms, fields=[*SIMPLE, KIND, VAT])
    page = await plain(java_script_enabled=False)
    await page.goto(site.url + place(forms))
    await expect(page.get_by_label("VAT number")).to_be_visible()
    await fill(page, "No Script")
    words = (await page.locator("label[for=f-answer]").inner_text()).split()
    numbers = [int(word.strip("?")) for word in words if word.strip("?").isdigit()]
    await page.get_by_label("How much is").fill(str(sum(numbers)))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    await drain()
    assert (await states(forms), await names(forms)) == (["accepted"], ["No Script"])


@asynccontextmanager
async def elsewhere(html: str) -> AsyncIterator[str]:
    """Somebody else's site with one page; gives its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\nConnection: close"
        )
        writer.write(f"{head}\r\n\r\n{html}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/contact?utm_source=fair"


async def test_it_stands_inside_another_site(
    forms: Person, plain: Callable[..., Awaitable[Page]], site: Site, drain: Drain
) -> None:
    await published(forms)
    page = await plain()
    script = f'<script async src="{site.url}{place(forms, "/embed.js")}"></script>'
    async with elsewhere(f"<!doctype html><h1>Acme</h1>{script}") as address:
        await page.goto(address)
        frame = page.frame_locator("iframe")
        await fill(frame, "From Elsewhere")
        await expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    await drain()
    async with forms.ctx() as ctx:
        one = (await ctx.session.scalars(select(Submission))).one()
    assert (one.state, one.utm_source, one.page) == ("accepted", "fair", address)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_axe_finds_nothing_on_what_visitors_see(
    forms: Person, visit: Open, size: dict[str, int]
) -> None:
    form = await published(forms, fields=[*SIMPLE, KIND, VAT], consent_text="I agree.", accent="amber")
    window = await visit(forms, size=size)
    wrong: dict[str, str] = {}
    own = f"/marketing/forms/forms/{form.id}"
    paths = [
        place(forms),
        place(forms, "/embed"),
        *(forms.w(own + rest) for rest in ("", "/rules", "/results")),
    ]
    for path in paths:
        await window.go(path)
        await window.page.evaluate(AXE)
        for scheme, options in (("light", RULES), ("dark", CONTRAST)):
            await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for fault in await violations(window, options):
                wrong.setdefault(f"{scheme} {fault}", f"{path} {scheme}: {fault}")
        await window.page.emulate_media(color_scheme="light")
        over = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong[path] = f"{path}: {over} px wider than the window"
    assert not wrong, "\n" + "\n".join(wrong.values())
