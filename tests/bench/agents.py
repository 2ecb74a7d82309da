"""Two hundred agents have the inbox open: how long until a customer's line is on the screen, and in the list.

One of them is a real Chromium. The others, in a process of their own, do what its scripts do: they are told how their
list looks, and ask what changed in the thread that they have open when it is that one.
"""

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from urllib.parse import urlencode

import httpx
import psutil
from playwright.async_api import Page, async_playwright
from sqlalchemy import select

from bot.channel import Author
from handoff import agents
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.models import Agent, Case
from handoff.schema import migrate
from tests.bench.product import percentiles, say
from tests.browser import ARGUMENTS
from tests.handoff.web.story import Story, handed_off, says
from tests.knock_process import KnockProcess

AGENTS, CASES = 200, 200
CHANNELS = ("telegram", "x", "square")
LINES = 60
SETTLED = 10.0
"""Seconds after which every stream is there, and after which nothing is on its way any more."""

OFFICE, OPENED = "office", "every page is open"

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


class Wire:
    """A connection to the inbox that costs next to nothing: two hundred browsers are not on the server's machine."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, **asked: str | int) -> asyncio.StreamReader:
        """Send a request."""
        if self._open is None or self._open[0].at_eof():
            self._open = await asyncio.open_connection("localhost", self._port, limit=2**20)
        reader, writer = self._open
        where = f"GET {path}?{urlencode(asked)} HTTP/1.1\r\nHost: localhost\r\n"
        writer.write(f"{where}Cookie: knock_inbox={self._cookie}\r\nKnock-Live: 1\r\n\r\n".encode())
        return reader

    async def get(self, path: str, **asked: str | int) -> str:
        """The page that comes back."""
        reader = await self.ask(path, **asked)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.split()[1] in ("200", "204"), head
        length = re.search(r"content-length: (\d+)", head)
        return (await reader.readexactly(int(length[1]))).decode() if length else ""


class Colleague:
    """An agent's browser without a screen."""

    def __init__(self, port: int, cookie: str, thread_id: int) -> None:
        self._pages, self._stream, self._thread_id = Wire(port, cookie), Wire(port, cookie), thread_id
        self._looks: asyncio.Task[None] | None = None
        self._since = 0
        self._has: dict[str, str] = {}

    async def open(self) -> None:
        """Open the page."""
        self._note(await self._pages.get(f"/inbox/{self._thread_id}", sort="newest"))

    async def work(self) -> None:
        """Listen, and look at what changed."""
        name, reader = "", await self._stream.ask("/live", at="?sort=newest")
        while line := await reader.readline():
            field, _, value = line.decode().strip().partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                self._since = int(value)
            elif field == "data" and name == "changed" and int(value) == self._thread_id:
                self._changed()

    def _changed(self) -> None:
        if self._looks is not None and self._looks.done():
            self._looks = self._looks.result()
        if self._looks is None:
            self._looks = asyncio.create_task(self._look())

    async def _look(self) -> None:
        asked: dict[str, str | int] = {"sort": "newest", "thread": self._thread_id, "since": self._since, **self._has}
        self._note(await self._pages.get(f"/inbox/{self._thread_id}/look", **asked))

    def _note(self, page: str) -> None:
        for part, tag in re.findall(r'id="(rows|log)"[^>]* data-told="([^"]+)"', page):
            self._has["have" if part == "rows" else "have_thread"] = tag


async def office(port: int, cookies: list[str], threads: list[int]) -> None:
    """All colleagues at work, until somebody ends it."""
    colleagues = [Colleague(port, cookie, random.choice(threads)) for cookie in cookies]
    for colleague in colleagues:
        await colleague.open()
    print(OPENED, flush=True)
    await asyncio.gather(*[colleague.work() for colleague in colleagues])


@contextmanager
def at_work(port: int, cookies: list[str], threads: list[int]) -> Iterator[None]:
    """The office in a process of its own, so that what is measured does not wait behind it."""
    with subprocess.Popen([sys.executable, "-m", __spec__.name, OFFICE], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        print(json.dumps([port, cookies, threads]), file=process.stdin, flush=True)
        assert process.stdout.readline().strip() == OPENED
        try:
            yield
            assert process.poll() is None, "the colleagues went home"
        finally:
            process.kill()


def story_of(number: int) -> Story:
    """Somebody with a problem, on one of the channels that there are."""
    return Story(Author(f"customer-{number}", f"customer_{number}", f"Customer {number}"), CHANNELS[number % 3])


async def fill(database: Database) -> tuple[list[int], list[str]]:
    """Threads with an open case, and the cookies of everybody who works here."""
    threads = [await handed_off(database, story_of(number)) for number in range(CASES)]
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


async def opened_at(database: Database, thread_id: int) -> float:
    """When the case of a thread was opened, by the clock of this machine."""
    async with database.reading() as session:
        moment: datetime = (await session.scalars(select(Case.opened_at).where(Case.thread_id == thread_id))).one()
    return moment.timestamp()


async def play(database: Database, threads: list[int]) -> dict[str, float]:
    """Customers write, and new ones come; when each began to, by what it looks like on the page."""
    said: dict[str, float] = {}
    for number in range(LINES):
        began = time.time()
        if number % 2:
            await says(database, threads[-1], f"Line {number}")
            said[f"Line {number}"] = began
        else:
            thread_id = await handed_off(database, story_of(CASES + number))
            said[f"row-{thread_id}"] = await opened_at(database, thread_id)
        await asyncio.sleep(PAUSE)
    return said


async def measure(database: Database, url: str, threads: list[int], cookies: list[str], knock: psutil.Process) -> None:
    """Open every inbox, let customers write, print how long it took."""
    with at_work(httpx.URL(url).port or 80, cookies[1:], threads[:-1]):
        async with desk(url, cookies[0], threads[-1]) as page:
            await asyncio.sleep(SETTLED)
            before = knock.cpu_times()
            said = await play(database, threads)
            after = knock.cpu_times()
            await asyncio.sleep(SETTLED)
            shown = (await page.evaluate("() => window.seen")).items()
    seen = {name: at / 1000 - said[name] for name, at in shown if name in said}
    lines = [waited for name, waited in seen.items() if name[0] == "L"]
    percentiles("a line → the screen of the agent who has its thread open", lines)
    percentiles("a new case → the list beside another thread", [w for name, w in seen.items() if name[0] == "r"])
    say(f"events that the screen did not show: {len(said) - len(seen)}")
    cpu = after.user + after.system - before.user - before.system
    say(f"CPU of the inbox for one event and all that was asked because of it: {cpu / len(said):.2f} s")


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
                process = psutil.Process(knock.process.pid)
                load = os.getloadavg()[0]
                await measure(database, url, threads, cookies, process)
                say(f"memory of the inbox: {process.memory_info().rss / 2**20:.0f} MiB")
                say(f"load of the machine before and after: {load:.1f}, {os.getloadavg()[0]:.1f}")
            await database.close()
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(office(*json.loads(input())) if sys.argv[1:] == [OFFICE] else main())
