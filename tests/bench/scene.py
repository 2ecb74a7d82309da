"""Two agents and a customer in real browsers, on the command as its users start it, and what they may wait for."""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect
from sqlalchemy import func, select

from bot.channel import Author
from handoff import agents
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.models import Case
from tests.bench.screens import watched
from tests.browser import ARGUMENTS
from tests.handoff.web.story import Story, handed_off
from tests.knock_process import KnockProcess, trained

CASES = 40
COMPLAINT = "Hey @northwind_help, it arrived broken and does not switch on. Can somebody help me?"
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
NO_RASA = "/nowhere/bin/python"

GOALS = {
    "key → its answer (row, field, kind of text, help, menu)": 50,
    "click on a menu → it is open": 50,
    "reply → its bubble": 30,
    "customer's line → its bubble": 30,
    "reply → confirmed": 200,
    "customer's line → confirmed": 200,
    "claim, release → confirmed": 200,
    "customer's line → agent's screen": 300,
    "reply → web chat": 300,
    "another thread": 200,
    "search → found, on a new page": 250,
    "agent types → colleague sees it": 500,
    "agent stops → colleague sees it": 500,
    "customer types → agent sees it": 500,
    "agent types → customer sees it": 500,
    "claim, release → colleague's list": 500,
    "new case → lists of all": 500,
    "inbox: its HTML": 200,
    "inbox: largest paint": 1000,
    "landing at 390 px: largest paint": 800,
    "line is back → inbox has what was missed": 2000,
    "line is back → chat has what was missed": 2000,
    "line is cut → agent reads so": 5000,
    "line is cut → customer reads so": 5000,
}
"""Milliseconds that nineteen of twenty shall not take longer than."""


@dataclass
class Scene:
    """Everybody, and how long they waited: ms by the name of the goal."""

    database: Database
    inbox: str
    ana: Page
    ben: Page
    mara: Page
    thread_id: int
    noor: BrowserContext
    landing: str
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, *waits: float) -> None:
        """Keep some waits."""
        assert what in GOALS
        self.waits[what] += waits


def customer(number: int) -> Story:
    """Somebody with a case of their own."""
    name = f"Customer {number}"
    line = f"NW-{50_000 + number}. I was billed two times"
    return Story(author=Author(f"c{number}", f"customer_{number}", name), lines=(line,), summary=f"Case {number}.")


@asynccontextmanager
async def on_stage() -> AsyncIterator[Scene]:
    """Knock without Rasa, so that who opts in is in the inbox at once; replies go out at once too."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        home = trained(Path(folder))
        home.chmod(0o755)
        with KnockProcess(home, rasa_python=NO_RASA, undo_seconds="0") as knock:
            knock.wait_for("Ctrl-C ends it")
            database = Database(Embedded(home / "postgres").url())
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
                yield await _seated(database, browser, knock)
                await browser.close()
            await database.close()
            assert knock.end() == 0


async def _seated(database: Database, browser: Browser, knock: KnockProcess) -> Scene:
    inbox, square = f"http://localhost:{knock.inbox_port}", f"http://localhost:{knock.port}/square"
    for number in range(CASES):
        await handed_off(database, customer(number))
    mara = await _phone(browser, square, "Mara")
    await mara.goto(await _offered(mara))
    await mara.get_by_role("button", name="Chat here now").click()
    await expect(mara.get_by_role("log")).to_contain_text("takes it from here")
    async with database.reading() as session:
        thread_id = await session.scalar(select(func.max(Case.thread_id)))
    assert thread_id
    noor = await _phone(browser, square, "Noor")
    landing = await _offered(noor)
    ben, ana = [await _desk(database, browser, inbox, name, thread_id) for name in ("Ben", "Ana")]
    await ben.get_by_role("button", name="Claim").click()
    await expect(ben.locator("#more")).to_be_visible()
    return Scene(database, inbox, ana, ben, mara, thread_id, noor.context, landing)


async def _phone(browser: Browser, square: str, name: str) -> Page:
    page = await (await watched(await browser.new_context(viewport=PHONE))).new_page()
    await page.goto(square)
    await page.get_by_label("Your name here").fill(name)
    await page.get_by_role("button", name="Go on").click()
    return page


async def _offered(page: Page) -> str:
    await page.get_by_label("Start a topic").fill(COMPLAINT)
    await page.get_by_role("button", name="Post").click()
    return await page.get_by_role("link", name="Need help? Click here").get_attribute("href") or ""


async def _desk(database: Database, browser: Browser, inbox: str, name: str, thread_id: int) -> Page:
    async with database.transaction("bench.hire") as session:
        agent = await agents.create(session, f"{name}@northwind.example", name, "-")
        cookie = await agents.sign_in(session, agent, "a benchmark")
    context = await watched(await browser.new_context(viewport=DESK))
    await context.add_cookies([{"name": "knock_inbox", "value": cookie, "url": inbox}])
    page = await context.new_page()
    await page.goto(f"{inbox}/inbox/{thread_id}?view=open&sort=newest")
    await expect(page.locator("html.js")).to_be_attached()
    return page
