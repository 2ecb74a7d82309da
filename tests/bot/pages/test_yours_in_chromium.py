"""The customer's own page in a real browser: by keyboard alone, for everybody, and heard of by pages that are open."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from handoff import cases
from handoff.models import Agent, Thread
from tests.bot.pages.test_in_chromium import at_work, join, looks_right, open_chat
from tests.bot.pages.world import World
from tests.browser import Browse


async def closed_by_ana(world: World) -> None:
    """Ana, who replied, closes the case."""
    async with world.database.transaction("test") as session:
        await cases.close(session, 1, (await session.scalars(select(Agent))).one())


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until a control with this name has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if re.search(name, await page.evaluate("() => document.activeElement.textContent.trim()")):
            return
    raise AssertionError(f"nobody gets to {name} by Tab")


@pytest.mark.timeout(240)
async def test_every_state_of_the_page_can_be_used_by_everybody(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await open_chat(page)
        await page.goto(f"{link}/yours")
        await expect(page.get_by_text("you are number 1 in line")).to_be_visible()
        await page.locator("summary").click()
        await looks_right(page)
        await page.get_by_role("button", name=re.compile("I agree.*Keep")).click()
        await expect(page.get_by_role("button", name=re.compile("Take it back.*Keep"))).to_be_visible()
        await looks_right(page)
        await page.get_by_role("button", name="End the chat").click()
        await expect(page.get_by_text("Was it solved?")).to_be_visible()
        await looks_right(page)
        await page.get_by_role("button", name="Yes", exact=True).click()
        await expect(page.get_by_text("You said that it is solved.")).to_be_visible()
        await looks_right(page)
        await page.goto(link)
        await looks_right(page)
        await page.goto(f"{link}/yours/delete")
        await looks_right(page)
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Delete everything about me").click()
        await expect(page.get_by_role("heading", name="Everything is deleted")).to_be_visible()
        await looks_right(page)
        await page.goto(f"{link}/yours")
        await looks_right(page)


async def test_a_consent_is_turned_and_the_chat_ended_by_keyboard_alone(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await open_chat(page)
        await page.goto(f"{link}/yours")
        await tab_to(page, "^I agree.*Look up")
        await page.keyboard.press("Enter")
        await expect(page.locator("#link").get_by_text("You agreed on")).to_be_visible()
        await tab_to(page, "^End the chat")
        await page.keyboard.press("Space")
        await expect(page.get_by_text("Was it solved?")).to_be_visible()


async def test_the_open_chat_asks_whether_it_is_solved_as_soon_as_the_case_is_closed(
    world: World, browse: Browse
) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        await world.agent_replies("Done")
        await expect(page.get_by_role("heading", name="Ana")).to_be_visible()
        await closed_by_ana(world)
        await page.get_by_role("button", name="No, a person should look at it again").click()
        await expect(page.get_by_text("you are number 1 in line")).to_be_visible()
        await expect(page.get_by_text("Was it solved?")).to_have_count(0)
        async with world.database.reading() as session:
            assert (await session.get_one(Thread, 1)).solved is False


async def test_a_transcript_arrives_as_a_file(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await open_chat(page)
        await page.goto(f"{link}/yours")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download as text").first.click()
        assert re.fullmatch(r"northwind-chat-[\d-]+\.txt", (await download.value).suggested_filename)


async def test_an_open_chat_is_gone_as_soon_as_everything_is_deleted_in_another_window(
    world: World, browse: Browse
) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await open_chat(page)
        other = await page.context.new_page()
        await other.goto(f"{link}/yours/delete")
        await other.get_by_role("button", name="Delete everything about me").click()
        await expect(other.get_by_role("heading", name="Everything is deleted")).to_be_visible()
        await expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
        assert "parcel" not in await page.content()
