"""What goes wrong with live pages elsewhere, and does not here; docs/inbox.md has the table."""

import ast
import asyncio
import re
import signal
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from bot.channel import Author
from handoff.database import Database
from tests.browser import Browse
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, write
from tests.handoff.web.story import Story, handed_off, says
from tests.knock_process import ROOT, KnockProcess

ALONE = "delete window.SharedWorker"
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
STREAMS = 3
STOOD_STILL = "Cancel 0 running task(s), timeout graceful shutdown exceeded"
"""What a server says at its end when it was held up so long that nobody was left to wait for."""


async def alone(inbox: Inbox, url: str, browse: Browse, path: str) -> Page:
    """A page of Ben's, in a browser that knows no shared workers and whose time stands in our hands."""
    context = await browse(expected=(r"ERR_",))
    await inbox.sit_down(context, BEN, url)
    await context.add_init_script(ALONE)
    page = await context.new_page()
    await page.clock.install()
    async with page.expect_response("**/live?*"):
        await page.goto(url + path)
    return page


async def test_a_browser_without_shared_workers_has_a_stream_for_each_tab_that_is_looked_at(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await alone(inbox, url, browse, f"/inbox/{thread_id}")
    assert inbox.live.listeners == 1
    await page.evaluate(HIDE, True)
    async with asyncio.timeout(60):
        while inbox.live.listeners:
            await asyncio.sleep(0.05)
    await says(inbox.database, thread_id, "Is anybody there?")
    async with page.expect_response("**/live?*"):
        await page.evaluate(HIDE, False)
    await expect(page.locator("#team")).to_contain_text("Is anybody there?")


async def test_a_stream_that_is_silent_for_forty_seconds_is_asked_for_anew(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await alone(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await page.clock.run_for(39_000)
    async with page.expect_request("**/live?*"):
        await page.clock.run_for(2_000)


async def test_streams_are_passed_on_as_they_come_and_kept_nowhere(inbox: Inbox, url: str) -> None:
    ben = httpx.AsyncClient(base_url=url, cookies=await inbox.cookie(BEN), timeout=60, trust_env=False)
    async with ben, ben.stream("GET", "/live", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no", "no proxy waits for more"
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("folder", ["bot/pages", "handoff/web", "handoff/api"])
def test_everything_is_answered_on_the_loop_that_the_hints_live_on(folder: str) -> None:
    trees = {path: ast.parse(path.read_text()) for path in (ROOT / folder).glob("*.py")}
    threads = [
        f"{path.name}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(map(_is_route, node.decorator_list))
    ]
    assert not threads, "what is not async runs in a thread, from where a queue of hints must not be touched"


def _is_route(decorator: ast.expr) -> bool:
    return bool(re.match(r"(router|app|\w*routes?)\.(get|post|put|patch|delete)\b", ast.unparse(decorator)))


def somebody(number: int) -> Story:
    """One of many customers."""
    return Story(author=Author(f"{number}", None, f"Customer {number}"))


async def test_a_list_that_changes_under_the_focus_does_not_scroll(inbox: Inbox, url: str, browse: Browse) -> None:
    told = [await handed_off(inbox.database, somebody(number)) for number in range(30)]
    page = await desk(inbox, url, browse, "/inbox?sort=newest")
    row = page.locator(f"#row-{told[8]} .row")
    await row.focus()
    rows = page.locator("#rows")
    top = await rows.evaluate("rows => rows.scrollTop")
    assert top > 100, "there is something to scroll"
    place = await row.bounding_box()
    for number in range(30, 33):
        await handed_off(inbox.database, somebody(number))
    await expect(page.get_by_role("button", name="3 changes")).to_be_visible()
    assert await rows.evaluate("rows => rows.scrollTop") == top
    assert await row.bounding_box() == place
    await expect(row).to_be_focused()


def test_a_chat_is_a_log_around_a_list_and_not_a_list_that_is_a_log() -> None:
    page = (ROOT / "bot/pages/templates/chat.html").read_text()
    assert re.search(r'<div[^>]* role="log"', page)
    assert re.search(r'<ol id="lines">', page)


async def test_whoever_has_sent_types_no_more(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    ana = await desk(inbox, url, browse, f"/inbox/{thread_id}", ANA)
    ben = await desk(inbox, url, browse, f"/inbox/{thread_id}", BEN)
    await expect(ben.locator("#present")).to_have_text("Ana is looking")
    await ana.get_by_label("Your text").press_sequentially("Hello")
    await expect(ben.locator("#present")).to_have_text("Ana is writing a reply")
    await write(ana, "Hello")
    await expect(ben.locator("#present")).to_have_text("Ana is looking")


async def test_knock_ends_quietly_while_pages_are_open(inbox: Inbox, database: Database, home: Path) -> None:
    cookie, url = await inbox.cookie(BEN), database.url.render_as_string(hide_password=False)
    with KnockProcess(home, "inbox", database_url=url) as knock:
        await asyncio.to_thread(knock.wait_for, "Ctrl-C ends it")
        address = f"http://localhost:{knock.inbox_port}"
        async with httpx.AsyncClient(base_url=address, cookies=cookie, trust_env=False, timeout=60) as ben:
            begun = [asyncio.Event() for _ in range(STREAMS)]
            streams = [asyncio.create_task(_listen(ben, one)) for one in begun]
            await asyncio.wait_for(asyncio.gather(*(one.wait() for one in begun)), 60)
            assert not any(one.done() for one in streams)
            assert await asyncio.to_thread(knock.end, signal.SIGTERM) == 0
            await asyncio.gather(*streams)
        said = knock.output + (home / "logs" / "inbox.log").read_text()
        said = re.sub(f".*{re.escape(STOOD_STILL)}", "", said)
        assert not re.search("Traceback|ERROR|WARNING|without completing", said), said


async def _listen(client: httpx.AsyncClient, begun: asyncio.Event) -> None:
    """Hear a stream from its beginning to its end; one that is cut off raises."""
    async with client.stream("GET", "/live", timeout=None) as answer:
        async for line in answer.aiter_lines():
            if line == "event: resync":
                begun.set()
