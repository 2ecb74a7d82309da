"""A real browser for the tests: Chromium by Playwright, which fails a test on anything that goes wrong in a page.

`browse` opens a browser of one person (its own cookies); several calls are several people. `axe` finds faults of
accessibility. `serving` runs an app on a free port of this machine. The browser lives as long as the session.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect
from playwright.async_api import Error as PlaywrightError
from starlette.types import ASGIApp

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No sandbox: tests may run as root. The rest keeps the browser from talking to its maker."""

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=15_000)
"""Milliseconds. What a page shows late on a busy machine is no fault; tests.bench.latency measures how late."""

OURS = re.compile(r"^(http://(localhost|127\.0\.0\.1)(:\d+)?/|data:|blob:|about:)")

VIOLATIONS = """addEventListener("securitypolicyviolation", event =>
    console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


class Browse(Protocol):
    """Opens a browser; `expected` is what the console may say without failing the test (regular expressions)."""

    def __call__(self, *, expected: tuple[str, ...] = (), **options: Any) -> Awaitable[BrowserContext]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, or else the one that Playwright downloaded."""
    async with async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or playwright.chromium.executable_path
        try:
            browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except PlaywrightError as error:
            pytest.fail(f"No browser: `make setup-browser` installs Chromium.\n{error}", pytrace=False)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browse(chromium: Browser) -> AsyncIterator[Browse]:
    """Opens browsers, closes them at the end, and fails if a page of theirs complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def open_browser(*, expected: tuple[str, ...] = (), **options: Any) -> BrowserContext:
        context = await chromium.new_context(
            **{"reduced_motion": "reduce", "viewport": {"width": 1440, "height": 900}} | options
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        await _watch(context, complaints, expected)
        return context

    yield open_browser
    for context in contexts:
        await context.close()
    assert not complaints, "\n".join(complaints)


async def _watch(context: BrowserContext, complaints: list[str], expected: tuple[str, ...]) -> None:
    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(re.search(words, message.text) for words in expected):
            complaints.append(f"console: {message.text} ({message.location['url']})")

    def left(request: Request) -> None:
        if not OURS.match(request.url):
            complaints.append(f"a request left the origin: {request.url}")

    context.on("console", heard)
    context.on("weberror", lambda error: complaints.append(f"page error: {error.error}"))
    context.on("request", left)
    await context.add_init_script(VIOLATIONS)


async def axe(page: Page) -> None:
    """Fails with what axe finds on the page as it is shown now."""
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
    assert found.violations_count == 0, found.generate_report()


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Run an app on a free port of this machine, or a given one; yields its address, without a slash at the end."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            await task
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        await task
