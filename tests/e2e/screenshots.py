"""Takes the pictures in docs/screenshots from the two demo workspaces: ``make screenshots``.

One sheet per page: English above Chinese, each wide and narrow, light and dark. The browser lays the sheets out
itself. Serves a home of its own, so that nothing depends on what is in ``.guanxi``.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, NARROW, WIDE

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
START_S = 600
# Name of the sheet, address, and the link to follow from there for a record's own page.
PAGES = (
    ("today", "/", ""),
    ("customers", "/customers", ""),
    ("customer", "/customers", "main table a[href*='/customers/']"),
    ("contacts", "/contacts", ""),
    ("leads", "/leads", ""),
    ("leads-board", "/leads/board", ""),
    ("lead", "/leads", "main table a[href*='/leads/']"),
    ("pipeline", "/pipeline", ""),
    ("deal", "/deals", "main table a[href*='/deals/']"),
    ("calendar", "/calendar", ""),
    ("new-customer", "/customers/new", ""),
    ("import", "/imports/new", ""),
    ("search", "/search?q=li", ""),
    ("settings", "/settings", ""),
    ("members", "/settings/members", ""),
    ("api-key", "/settings/keys/new", ""),
    ("plan", "/settings/billing", ""),
    ("marketplace", "/marketplace/marketing.forms", ""),
    ("web-form", "/marketing/forms/forms", "main table a[href*='/forms/forms/']"),
    ("submissions", "/marketing/forms/submissions", ""),
    ("sign-up", "", ""),
)
# The workspaces in the order of their addresses.
LOCALES = ("en-US", "zh-CN")
LOOKS = tuple((scheme, size) for size in (WIDE, NARROW) for scheme in ("light", "dark"))
SHEET = """<!doctype html><meta charset="utf-8"><style>
body{margin:0;padding:16px;background:#8b8f98;display:grid;gap:16px;justify-content:start;
grid-template-columns:repeat(2,640px) repeat(2,185px)}img{width:100%;display:block;border-radius:6px}</style>"""


@contextmanager
def served() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve the demo workspaces; gives the address and what ``demo.json`` says of them."""
    home = Path(tempfile.mkdtemp(prefix="gx-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dropped = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    environ = {**kept, "GUANXI_HOME": str(home), "PORT": str(port)}
    with (home / "up.log").open("w") as log:
        command = [sys.executable, "-m", "core", "up", "--demo"]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        wait(process, home / "up.log")
        yield f"http://127.0.0.1:{port}", json.loads((home / "demo.json").read_text("utf-8"))["workspaces"]
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def wait(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server says that it is ready."""
    end = time.monotonic() + START_S
    while "READY" not in log.read_text("utf-8"):
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(log.read_text("utf-8")[-3000:])
        time.sleep(0.3)


def signed_in(
    browser: Browser, url: str, workspace: dict[str, Any], look: tuple[str, Any], locale: str
) -> BrowserContext:
    """A window's context in which the first person of a workspace is signed in."""
    scheme, size = look
    context = browser.new_context(
        viewport=size, color_scheme=scheme, reduced_motion="reduce", is_mobile=size is NARROW, locale=locale
    )
    page = context.new_page()
    login = workspace["logins"][0]
    page.goto(f"{url}/login")
    page.fill("input[name=email]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.click("button[type=submit]:has-text('Sign in'), button[type=submit]:has-text('登录')")
    page.wait_for_url("**/w/**")
    page.close()
    return context


def picture(page: Page, url: str, workspace: dict[str, Any], path: str, link: str) -> bytes:
    """A picture of a page's first screen; without a path, of what a stranger sees."""
    if not path:
        page.context.clear_cookies()
    page.goto(f"{url}/w/{workspace['slug']}{path}" if path else f"{url}/signup")
    if link:
        page.goto(url + str(page.locator(link).first.get_attribute("href")))
    page.wait_for_timeout(900)
    return page.screenshot(type="jpeg", quality=88)


def main() -> None:
    """Take all pictures and write the sheets."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as (url, workspaces), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        taken: dict[str, list[bytes]] = {name: [] for name, _, _ in PAGES}
        found = sorted(workspaces, key=lambda one: str(one["slug"]))
        for workspace, locale in zip(found, LOCALES, strict=True):
            for look in LOOKS:
                page = signed_in(browser, url, workspace, look, locale).new_page()
                for name, path, link in PAGES:
                    taken[name].append(picture(page, url, workspace, path, link))
        sheet = browser.new_page(viewport={"width": 1746, "height": 900})
        for name, pictures in taken.items():
            images = (
                f'<img src="data:image/jpeg;base64,{base64.b64encode(one).decode()}">' for one in pictures
            )
            sheet.set_content(SHEET + "".join(images), wait_until="load")
            sheet.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=80, full_page=True)
        browser.close()
    size = sum(path.stat().st_size for path in FOLDER.glob("*.jpg"))
    sys.stdout.write(f"{len(taken)} sheets, {size / 1e6:.1f} MB, in {FOLDER}\n")


if __name__ == "__main__":
    main()
