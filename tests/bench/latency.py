"""What agents and customers wait for, in their own browsers: two agents, a customer, the real command, and a line cut.

All clocks run in the pages: from the key or the click that reaches one to the frame that shows the answer on another.
"""

import asyncio
import os
import statistics
from contextlib import AsyncExitStack

from playwright.async_api import Page, expect

from tests.bench.line import Line
from tests.bench.product import say
from tests.bench.scene import CASES, GOALS, PHONE, Scene, customer, on_stage
from tests.bench.screens import Sight, acted_at, after, largest, look_for, now, shown_at, watched
from tests.handoff.web.story import handed_off, says

ROUNDS, CUTS, TABS = 30, 10, 3
PACE = 3.2
"""Seconds that a round takes at least: a customer says at most 20 lines a minute."""

AWAY = 4.0
"""Seconds for which the line is cut, and up to one more, as pages try again once a second; the banner comes after 3."""

SETTLED = 1.0
"""Seconds after which every stream is there, again."""


async def keys(scene: Scene) -> None:
    """What answers without the server."""
    ben, board = scene.ben, scene.ben.keyboard
    for key, selector in (
        ("j", "#rows .row:focus"),
        ("r", "#text:focus"),
        ("n", "#composer [value=note]:checked"),
        ("?", "#keys[open]"),
        ("Control+k", "#menu[open]"),
    ):
        await ben.evaluate("() => document.activeElement.blur()")
        scene.note(
            "key → its answer (row, field, kind of text, help, menu)",
            *await after(ben, board.press(key), Sight(ben, selector)),
        )
        await board.press("Escape")
    await ben.locator("#composer [value=reply]").check()
    more = ben.locator("#more > summary")
    scene.note("click on a menu → it is open", *await after(ben, more.click(), Sight(ben, "#more[open]")))
    await more.click()


async def customer_writes(scene: Scene, line: str) -> None:
    """Mara types and sends."""
    mara, ben, text = scene.mara, scene.ben, scene.mara.locator("#text")
    await text.focus()
    typing = await after(mara, mara.keyboard.press("H"), Sight(ben, "#present", "typing"))
    scene.note("customer types → agent sees it", *typing)
    await text.fill(line)
    bubble, confirmed, there = await after(
        mara,
        mara.keyboard.press("Control+Enter"),
        Sight(mara, "#lines .mine .said", line),
        Sight(mara, "#lines .mine:not(.waits):last-child", line),
        Sight(ben, "#team li.customer .text", line),
    )
    scene.note("customer's line → its bubble", bubble)
    scene.note("customer's line → confirmed", confirmed)
    scene.note("customer's line → agent's screen", there)


async def agent_replies(scene: Scene, line: str) -> None:
    """Ben types and sends."""
    mara, ben, text = scene.mara, scene.ben, scene.ben.locator("#text")
    await text.focus()
    typing = await after(ben, ben.keyboard.press("H"), Sight(mara, "#typing", "Ben"))
    scene.note("agent types → customer sees it", *typing)
    await text.fill(line)
    bubble, confirmed, there = await after(
        ben,
        ben.keyboard.press("Control+Enter"),
        Sight(ben, "#team li .text", line),
        Sight(ben, "#team li.agent:not([data-waiting]) .text", line),
        Sight(mara, "#lines li.agent .said", line),
    )
    scene.note("reply → its bubble", bubble)
    scene.note("reply → confirmed", confirmed)
    scene.note("reply → web chat", there)


async def new_case(scene: Scene, number: int) -> int:
    """A case comes, and is in the lists; its thread."""
    sights = [Sight(page, "#rows .name", f"Customer {number}") for page in (scene.ben, scene.ana)]
    await look_for(*sights)
    thread_id = await handed_off(scene.database, customer(number))
    written = now()
    scene.note("new case → lists of all", *[await shown_at(sight) - written for sight in sights])
    return thread_id


async def find_and_claim(scene: Scene, number: int, thread_id: int) -> None:
    """Ana finds the case, opens it, claims it, and lets it go."""
    ana, row = scene.ana, f"#row-{thread_id} .who"
    await ana.locator("#search [name=q]").fill(f"NW-{50_000 + number}")
    async with ana.expect_navigation(wait_until="load"):
        await ana.keyboard.press("Enter")
    pressed = await acted_at(ana)
    scene.note("search → found, on a new page", (await largest(ana))[2] - pressed)
    await expect(ana.locator("#rows .row")).to_have_count(1)
    title = Sight(ana, f"body[data-thread='{thread_id}'] #thread-head", f"Customer {number}")
    scene.note("another thread", *await after(ana, ana.locator("#rows .row").click(), title))
    for name, done, seen in (("Claim", "Yours", "Ana"), ("Release", "Waiting", "Unclaimed")):
        deed = ana.get_by_role("button", name=name, exact=True).click()
        own, list_of_ben = await after(ana, deed, Sight(ana, "#thread-head .chip", done), Sight(scene.ben, row, seen))
        scene.note("claim, release → confirmed", own)
        scene.note("claim, release → colleague's list", list_of_ben)


async def side_by_side(scene: Scene) -> None:
    """Ana types in the thread that Ben has open, and thinks better of it."""
    ana, ben = scene.ana, scene.ben
    await ana.goto(f"{scene.inbox}/inbox/{scene.thread_id}?view=open&sort=newest")
    await expect(ben.locator("#present")).to_contain_text("Ana is looking")
    await ana.locator("#text").focus()
    begins = await after(ana, ana.keyboard.press("H"), Sight(ben, "#present", "Ana is writing"))
    ends = await after(ana, ana.keyboard.press("Backspace"), Sight(ben, "#present", "Ana is looking"))
    scene.note("agent types → colleague sees it", *begins)
    scene.note("agent stops → colleague sees it", *ends)


async def rounds(scene: Scene) -> None:
    """What happens in an inbox, again and again."""
    for number in range(CASES, CASES + ROUNDS):
        next_round = asyncio.get_running_loop().time() + PACE
        await side_by_side(scene)
        await customer_writes(scene, f"Line {number}.")
        await agent_replies(scene, f"Reply {number}.")
        await keys(scene)
        await find_and_claim(scene, number, await new_case(scene, number))
        await asyncio.sleep(next_round - asyncio.get_running_loop().time())


async def first_pages(scene: Scene) -> None:
    """Whole pages: the inbox with a thread and 50 rows; the landing on a phone that was never there."""
    page = await scene.ben.context.new_page()
    for _ in range(ROUNDS):
        await page.goto(scene.ben.url)
        html, paint, _at = await largest(page)
        scene.note("inbox: its HTML", html)
        scene.note("inbox: largest paint", paint)
    await page.close()
    browser = scene.noor.browser
    assert browser
    for _ in range(ROUNDS):
        phone = await browser.new_context(viewport=PHONE, storage_state=await scene.noor.storage_state())
        page = await phone.new_page()
        await page.goto(scene.landing)
        await expect(page.get_by_role("button", name="Chat here now")).to_be_visible()
        scene.note("landing at 390 px: largest paint", (await largest(page))[1])
        await phone.close()


async def cuts(scene: Scene) -> None:
    """The line is cut and mended, with three tabs of the chat and three browsers of agents at its other end."""
    public, inside = (int(url.rsplit(":", 1)[1].split("/")[0]) for url in (scene.mara.url, scene.inbox))
    async with AsyncExitStack() as stack:
        chat_line, inbox_line = [await stack.enter_async_context(Line(port)) for port in (public, inside)]
        chats, desks = await behind(scene, scene.mara, chat_line), await behind(scene, scene.ben, inbox_line)
        for number in range(CUTS):
            await asyncio.sleep(SETTLED)
            await one_cut(scene, number, chats, desks, (chat_line, inbox_line))
        for page in [*chats, *desks]:
            await page.context.close()


async def behind(scene: Scene, page: Page, line: Line) -> list[Page]:
    """The same page in some browsers of the same person, at the other end of a line."""
    browser, pages = page.context.browser, []
    assert browser
    host, path = page.url.split("/", 3)[2:]
    for _ in range(TABS):
        context = await watched(await browser.new_context(storage_state=await page.context.storage_state()))
        pages.append(await context.new_page())
        await pages[-1].goto(f"http://{host.split(':')[0]}:{line.port}/{path}")
    return pages


async def one_cut(scene: Scene, number: int, chats: list[Page], desks: list[Page], lines: tuple[Line, Line]) -> None:
    """Cut; somebody writes; mend."""
    banners = [
        *(Sight(page, "#offline:not([hidden])") for page in chats),
        *(Sight(page, "#banner", "Connection lost") for page in desks),
    ]
    await look_for(*banners)
    cut = now()
    for line in lines:
        await line.cut()
    await asyncio.sleep(AWAY + number / CUTS)
    gone = [await shown_at(sight) - cut for sight in banners]
    scene.note("line is cut → customer reads so", *gone[:TABS])
    scene.note("line is cut → agent reads so", *gone[TABS:])
    words = f"Missed {number}."
    await says(scene.database, scene.thread_id, words)
    missed = [
        *(Sight(page, "#lines .said", words) for page in chats),
        *(Sight(page, "#team li.customer .text", words) for page in desks),
    ]
    await look_for(*missed)
    for line in lines:
        await line.mend()
    back = now()
    there = [await shown_at(sight) - back for sight in missed]
    scene.note("line is back → chat has what was missed", *there[:TABS])
    scene.note("line is back → inbox has what was missed", *there[TABS:])


def table(scene: Scene) -> None:
    """Print every goal, what it came to, and whether it was met."""
    say("| what | goal, ms | p50 | p95 | worst | of | |\n|---|---|---|---|---|---|---|")
    for what, goal in GOALS.items():
        waits = scene.waits[what]
        cuts = statistics.quantiles(waits, n=20, method="inclusive")
        met = "" if cuts[18] <= goal else "missed"
        figures = " | ".join(f"{ms:,.0f}" for ms in (goal, cuts[9], cuts[18], max(waits)))
        say(f"| {what} | {figures} | {len(waits)} | {met} |")


async def main() -> None:
    """Play all of it, then print."""
    load = os.getloadavg()[0]
    async with on_stage() as scene:
        await rounds(scene)
        await first_pages(scene)
        await cuts(scene)
        table(scene)
    say(f"load of the machine before and after, {os.cpu_count()} cores: {load:.1f}, {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
