"""Visitors of a form: open the page, do the browser's work, send; and a form to send."""

import re
from html import unescape
from urllib.parse import urlencode

from plugins.marketing.forms.tickets import work
from tests.load.client import Answer, Client
from tests.load.product import Product, Workspace, until

KEY = "marketing.forms"
TICKET = re.compile(r'name="_ticket" value="([^"]+)"')
BITS = 8
FIELDS = [
    {"label": "Name", "key": "name", "target": "name", "required": True},
    {"label": "E-mail", "key": "email", "type": "email", "target": "email", "required": True},
    {"label": "Message", "key": "message", "type": "textarea", "target": "notes"},
]
FORM = "application/x-www-form-urlencoded"


def place(workspace: Workspace) -> str:
    return f"/p/{workspace.tenant.slug}/marketing/forms/load"


def switch_on(running: Product, workspace: Workspace) -> None:
    """Have the workspace's own worker set the module up."""
    import asyncio

    from core.app import create_runtime
    from core.app import running as started
    from tenants.marketplace import service as marketplace

    async def wish() -> None:
        async with started(create_runtime(running.settings)) as runtime:
            tenant = await runtime.tenant(workspace.tenant.id)
            async with runtime.control() as control:
                await marketplace.enable(control, tenant, KEY)

    async def is_on() -> bool:
        async with started(create_runtime(running.settings)) as runtime:
            return KEY in (await runtime.tenant(workspace.tenant.id)).plugins

    asyncio.run(wish())
    until(lambda: asyncio.run(is_on()), 60)


async def publish(client: Client) -> None:
    """Make a form and publish it; every limit that one sender would meet is off."""
    body = {
        "name": "Load",
        "slug": "load",
        "fields": FIELDS,
        "per_hour": 0,
        "min_seconds": 0,
        "effort": "low",
    }
    made = await client.post("/api/v1/marketing/forms/forms", body)
    assert made.status == 201, made
    done = await client.post(f"/api/v1/marketing/forms/forms/{made.json()['id']}/publish", {})
    assert done.status == 200, done


async def ticket(client: Client, path: str) -> str:
    """Open the page and take its ticket."""
    page = await client.get(path)
    assert page.status == 200, page
    found = TICKET.search(page.body.decode())
    assert found is not None
    return unescape(found[1])


async def send(client: Client, path: str, sealed: str, number: int) -> Answer:
    """Send the form as a browser does."""
    values = {"_ticket": sealed, "_proof": work(sealed, BITS), "message": f"Message {number}"}
    given = {**values, "name": f"Visitor {number}", "email": f"visitor{number}@example.com"}
    return await client.send("POST", path, urlencode(given).encode(), {"Content-Type": FORM})
