"""Two hundred agents have the inbox open: how long until a customer's line is on the screen, and in the list.

One of them is a real Chromium. The others are streams that do what its scripts do: they ask for the thread that they
have open, and after a while for the list, when it is another that changed.
"""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
from playwright.async_api import Page, async_playwright

from handoff import agents
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.models import Agent
from handoff.schema import migrate
from tests.bench.product import percentiles, say
from tests.browser import ARGUMENTS
from tests.handoff.web.story import Story, handed_off, says
from tests.knock_process import KnockProcess

AGENTS, CASES = 200, 200
LINES = 60
PAUSE = 1.0
"""Seconds between two events: a line in the thread that Chromium has open, and a new case, in turn."""

WATCH = """() => {
    window.seen = {};
    const note = (name) => { window.seen[name] ??= Date.now(); };
    new MutationObserver(() => {
        for (const line of document.querySelectorAll("#team li.customer .text")) note(line.textContent.trim());
        for (const row of document.querySelectorAll("#rows > li[id]")) note(row.id);
    }).observe(document.getElementById("main"), {subtree: true, childList: true, attributes: true});
}"""


class Colleague:
    """An agent's browser without a screen."""

    def __init__(self, client: httpx.AsyncClient, thread_id: int) -> None:
        self._client, self._thread_id = client, thread_id
        self._looks: asyncio.Task[object] | None = None
        self.heard_at: dict[int, float] = {}

    async def work(self) -> None:
        """Listen, and look at what changed."""
        spread, name = 0.0, ""
        async with self._client.stream("GET", "/live", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    name = line[7:]
                elif line.startswith("data:") and name in ("resync", "ping"):
                    spread = int(line[6:]) / 1000
                elif line.startswith("data:") and name == "changed":
                    self._changed(int(line[6:]), spread)

    def _changed(self, thread_id: int, spread: float) -> None:
        self.heard_at[thread_id] = time.time()
        if self._looks is None or self._looks.done():
            wait = 0 if thread_id == self._thread_id else 0.2 + random.random() * spread
            self._looks = asyncio.create_task(self._look(wait, "list" if wait else "1"))

    async def _look(self, wait: float, part: str) -> None:
        await asyncio.sleep(wait)
        (await self._client.get(f"/inbox/{self._thread_id}", headers={"Knock-Live": part})).raise_for_status()


async def fill(database: Database) -> tuple[list[int], list[str]]:
    """Threads with an open case, and the cookies of everybody who works here."""
    told = (Story(channel=f"telegram-{number}") for number in range(CASES))
    threads = [await handed_off(database, story) for story in told]
    cookies = []
    for number in range(AGENTS):
        async with database.transaction("bench.hire") as session:
            agent: Agent = await agents.create(session, f"{number}@example.org", f"Agent {number}", "-")
            cookies.append(await agents.sign_in(session, agent, "a benchmark"))
    return threads, cookies


@asynccontextmanager
async def desk(url: str, cookie: str, thread_id: int) -> AsyncIterator[Page]:
    """The inbox in a real browser, which notes when it shows what."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = await browser.new_page()
        await page.context.add_cookies([{"name": "knock_inbox", "value": cookie, "url": url}])
        await page.goto(f"{url}/inbox/{thread_id}?sort=newest")
        await page.evaluate(WATCH)
        yield page
        await browser.close()


async def measure(database: Database, url: str, threads: list[int], cookies: list[str]) -> None:
    """Open every inbox, let customers write, print how long it took."""
    async with desk(url, cookies[0], threads[-1]) as page, httpx.AsyncClient(base_url=url, trust_env=False) as one:
        clients = [httpx.AsyncClient(base_url=url, cookies={"knock_inbox": c}, trust_env=False) for c in cookies[1:]]
        colleagues = [Colleague(client, random.choice(threads[:-1])) for client in clients]
        working = [asyncio.create_task(colleague.work()) for colleague in colleagues]
        await one.get("/healthz")
        await asyncio.sleep(5)
        said: dict[str, float] = {}
        for number in range(LINES):
            began = time.time()
            if number % 2:
                await says(database, threads[-1], f"Line {number}")
                said[f"Line {number}"] = began
            else:
                said[f"row-{await handed_off(database, Story(channel=f'late-{number}'))}"] = began
            await asyncio.sleep(PAUSE)
        await asyncio.sleep(10)
        seen = {
            name: at / 1000 - said[name]
            for name, at in (await page.evaluate("() => window.seen")).items()
            if name in said
        }
        for task in working:
            task.cancel()
        heard = [
            at - said[f"row-{thread}"]
            for one in colleagues
            for thread, at in one.heard_at.items()
            if f"row-{thread}" in said
        ]
        percentiles(f"a new case → told to {len(colleagues)} other browsers", heard)
        percentiles(
            "a line → the screen of the agent who has its thread open", [s for n, s in seen.items() if n[0] == "L"]
        )
        percentiles("a new case → the list beside another thread", [s for n, s in seen.items() if n[0] == "r"])
        say(f"events that the screen did not show: {len(said) - len(seen)}")
        for client in clients:
            await client.aclose()


def answers(url: str) -> bool:
    """Whether the inbox is there."""
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


async def main() -> None:
    """The real command on an embedded PostgreSQL that writes to the disk."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        server = Embedded(Path(folder) / "data")
        server.start()
        try:
            migrate(server.url())
            database = Database(server.url())
            threads, cookies = await fill(database)
            with KnockProcess(Path(folder), "inbox", database_url=server.url()) as knock:
                url = f"http://localhost:{knock.inbox_port}"
                knock.wait_until(lambda: answers(url), "the inbox does not answer")
                await measure(database, url, threads, cookies)
                resident = psutil.Process(knock.process.pid).memory_info().rss / 2**20
                say(f"memory of the inbox: {resident:.0f} MiB")
            await database.close()
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
