"""The customer's pages in a real browser: what is live, what survives a lost connection, and what everybody can use."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy import select

from handoff import threads
from handoff.database import PRESENCE
from handoff.models import Thread
from handoff.presence import State, word
from tests.bot.pages.world import COMPLAINT, World
from tests.browser import Browse, axe, serving

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


Phone = Callable[[], Awaitable[BrowserContext]]


@asynccontextmanager
async def at_work(world: World, browse: Browse) -> AsyncIterator[tuple[str, Phone]]:
    """The pages served, the bot and the hints running, as `knock up` does it; and phones, put away before all ends."""
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(world.live.run()), asyncio.create_task(world.bot.run())]
        stack.push_async_callback(_end, tasks)
        origin = await stack.enter_async_context(serving(world.app, world.settings.public_port))
        stack.callback(world.live.close)

        async def phone() -> BrowserContext:
            context = await browse(viewport=PHONE, expected=("Failed to load resource",))
            stack.push_async_callback(context.close)
            return context

        yield origin, phone


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def join(context: BrowserContext, origin: str, name: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{origin}/square")
    await page.get_by_label("Your name here").fill(name)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_label("Start a topic")).to_be_visible()
    return page


async def complain(page: Page) -> str:
    """Post the complaint, wait for the offer without a reload, and tell its link."""
    await page.get_by_label("Start a topic").fill(COMPLAINT)
    await page.get_by_role("button", name="Post").click()
    button = page.get_by_role("link", name="Need help? Click here")
    await expect(button).to_be_visible()
    return await button.get_attribute("href") or ""


async def open_chat(page: Page) -> str:
    link = await complain(page)
    await page.goto(link)
    await page.get_by_role("button", name="Chat here now").click()
    await expect(page.get_by_role("status").first).to_contain_text("you are number 1 in line")
    await expect(page.get_by_role("log").get_by_text("takes it from here")).to_be_visible()
    return link


async def looks_right(page: Page) -> None:
    """No fault that axe finds, light and dark, on a phone and on a desk; nothing to scroll sideways at 320 pixels."""
    for scheme in ("light", "dark"):
        for size in (PHONE, DESK):
            await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
            await axe(page)
    await page.set_viewport_size({"width": 320, "height": 640})
    wide = await page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 320, f"{page.url} is {wide} pixels wide"
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})


async def test_a_complaint_becomes_a_chat_without_a_reload(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        mara = await join(await phone(), origin, "Mara")
        noor = await join(await phone(), origin, "Noor")
        await complain(mara)
        topic = mara.url
        await noor.goto(topic)
        await expect(noor.get_by_text("Only Mara can open this.")).to_be_visible()
        await noor.get_by_label("Your answer").fill("The same here")
        await noor.get_by_role("button", name="Post").click()
        await expect(mara.get_by_text("The same here")).to_be_visible()

        await mara.get_by_role("link", name="Need help? Click here").click()
        await mara.get_by_role("button", name="Chat here now").click()
        await expect(mara.get_by_text("you are number 1 in line")).to_be_visible()
        await mara.get_by_label("Your message").fill("My order is 4711")
        await mara.keyboard.press("Control+Enter")
        await expect(mara.get_by_role("log").get_by_text("My order is 4711")).to_have_count(1)
        await expect(mara.get_by_text(re.compile("Sent$"))).to_be_visible()

        await world.agent_replies("It is on its way, Mara")
        await expect(mara.get_by_role("log").get_by_text("It is on its way, Mara")).to_be_visible()
        await expect(mara.get_by_role("heading", name="Ana")).to_be_visible()
        await mara.reload()
        await expect(mara.get_by_role("log").get_by_text("My order is 4711")).to_have_count(1)


async def test_k6_a_live_reply_is_announced_alone_and_leaves_the_half_typed_text(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        await page.evaluate(
            """() => { window.added = []; new MutationObserver((changes) => {
            for (const change of changes) for (const node of change.addedNodes)
            if (node.nodeName === "LI") window.added.push(node.textContent);
            }).observe(document.getElementById("log"), { childList: true, subtree: true }); }"""
        )
        field = page.get_by_label("Your message")
        await field.press_sequentially("half a sen")
        for number in range(5):
            await world.agent_replies(f"Reply number {number}.")
            await expect(page.get_by_text(f"Reply number {number}.")).to_be_visible()
        await expect(field).to_have_value("half a sen")
        await expect(field).to_be_focused()
        added = await page.evaluate("() => window.added")
        assert [re.findall(r"Reply number \d", text) for text in added] == [[f"Reply number {n}"] for n in range(5)]
        await page.reload()
        await expect(field).to_have_value("half a sen")


async def test_a_quick_answer_is_a_button_and_is_said_once(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        async with world.database.transaction("test") as session:
            thread = await threads.locked(session, 1)
            await threads.append(
                session, thread, "chat", "bot", "Same address?", buttons=["Yes, the same", "No"], delivery="sent"
            )
        await page.get_by_role("button", name="Yes, the same").click()
        await expect(page.get_by_role("log").get_by_text("Yes, the same")).to_have_count(1)
        await expect(page.get_by_text(re.compile("Sent$"))).to_be_visible()
        await expect(page.get_by_role("button", name="No")).to_have_count(0)
        await page.reload()
        await expect(page.get_by_role("log").get_by_text("Yes, the same")).to_have_count(1)


async def test_k7_what_is_written_while_the_server_is_away_is_kept_and_sent_once(world: World, browse: Browse) -> None:
    context = await browse(viewport=PHONE, expected=("ERR_CONNECTION", "ERR_INCOMPLETE", "Failed to load"))
    async with at_work(world, browse) as (origin, _):
        page = await join(context, origin, "Mara")
        await open_chat(page)
    await page.get_by_label("Your message").fill("Are you still there?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Waiting for connection")).to_be_visible()
    await expect(page.get_by_text("You are offline. Your text is kept.")).to_be_visible()
    async with serving(world.app, world.settings.public_port):
        live = asyncio.create_task(world.live.run())
        await expect(page.get_by_text(re.compile("Sent$"))).to_be_visible(timeout=15_000)
        await expect(page.get_by_text("You are offline.")).to_be_hidden()
        await page.reload()
        await expect(page.get_by_role("log").get_by_text("Are you still there?")).to_have_count(1)
        world.live.close()
        await _end([live])


async def test_live_lines_come_in_the_language_that_was_chosen(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await open_chat(page)
        await page.goto(f"{link}?lang=de")
        await world.agent_replies("It is on its way")
        await expect(page.get_by_text("Ein Mensch von Northwind antwortet dir.")).to_be_visible()
        await page.get_by_label("Deine Nachricht").fill("Danke")
        await page.get_by_role("button", name="Senden").click()
        await expect(page.get_by_text(re.compile("Gesendet$"))).to_be_visible()


async def test_what_was_not_sent_survives_a_reload(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        await page.route("**/say*", lambda route: route.fulfill(status=503, body="away"))
        await page.get_by_label("Your message").fill("Please do not lose me")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Waiting for connection")).to_be_visible()
        await page.unroute("**/say*")
        await page.reload()
        await expect(page.get_by_role("log").get_by_text("Please do not lose me")).to_have_count(1)
        await expect(page.get_by_text(re.compile("Sent$"))).to_be_visible()


async def test_what_was_refused_says_why_and_can_be_tried_again(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        refusal = '<p role="alert">That was a bit fast.</p>'
        await page.route("**/say", lambda route: route.fulfill(status=429, content_type="text/html", body=refusal))
        await page.get_by_label("Your message").fill("Once more")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Not sent. That was a bit fast.")).to_be_visible()
        await page.unroute("**/say")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text(re.compile("Sent$"))).to_be_visible()


async def test_a_message_that_is_too_long_never_leaves_the_field(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        field = page.get_by_label("Your message")
        await field.fill("y" * 4097)
        await page.get_by_role("button", name="Send").click()
        assert "Characters too many: 1." in await field.evaluate("(field) => field.validationMessage")
        await expect(field).to_have_value("y" * 4097)


@pytest.mark.timeout(240)
async def test_every_page_can_be_used_by_everybody(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await (await phone()).new_page()
        await page.goto(f"{origin}/square")
        await looks_right(page)
        await page.get_by_label("Your name here").fill("Support")
        await page.get_by_role("button", name="Go on").click()
        await looks_right(page)
        page = await join(page.context, origin, "Mara")
        link = await complain(page)
        await looks_right(page)
        for path in ("/square", "/square/p/1/edit", "/privacy", "/nothing", link, link.replace("/h/", "/stop/")):
            await page.goto(path if path.startswith("http") else f"{origin}{path}")
            await looks_right(page)
        stranger = await (await phone()).new_page()
        await stranger.goto(link)
        await looks_right(stranger)
        await page.goto(link)
        await page.get_by_role("button", name="Chat here now").click()
        await expect(page.get_by_text("you are number 1 in line")).to_be_visible()
        await looks_right(page)
        await world.agent_replies("A" * 300)
        await expect(page.get_by_role("heading", name="Ana")).to_be_visible()
        await looks_right(page)
        await page.goto(link.replace("/h/", "/stop/"))
        await page.get_by_role("button", name="Stop, do not contact me again").click()
        await looks_right(page)
        await page.goto(link)
        await expect(page.get_by_text("You said STOP")).to_be_visible()
        await looks_right(page)


async def test_the_customer_sees_that_an_agent_writes_and_the_team_sees_that_the_customer_does(
    world: World, browse: Browse
) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        await world.agent_replies("Hello Mara")
        await expect(page.get_by_text("Hello Mara")).to_be_visible()
        async with world.database.reading() as session:
            thread_id = (await session.scalars(select(Thread.id).order_by(Thread.id.desc()))).first() or 0
        states: list[tuple[State, str]] = [
            ("noting", ""),
            ("viewing", ""),
            ("typing", "Ana is typing…"),
            ("viewing", ""),
        ]
        for state, shown in states:
            await world.database.notify(PRESENCE, word(thread_id, 1, "Ana", state, "tab-1"))
            await expect(page.locator("#typing")).to_have_text(shown)
        async with page.expect_response("**/typing") as answered:
            await page.get_by_label("Your message").press_sequentially("I")
        assert (await answered.value).status == 204
