"""How the pages look and read: accessibility on every page, in both colour schemes, wide and narrow."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from handoff import agents, marks, threads
from handoff.models import Message
from tests.browser import Browse, axe
from tests.cast import ANA, JOSE, NOOR, TROLL
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off, in_public
from tests.handoff.web.test_admin import reported

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


async def furnish(inbox: Inbox) -> int:
    """A busy morning; the thread's id in which something of every kind was said."""
    thread_id = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, channel="square", summary="Cannot sign in after the update"))
    await in_public(inbox.database, Story(author=JOSE, is_offer_sure=False))
    await handed_off(inbox.database, Story(author=TROLL, summary="x" * 300, lines=("y" * 2000,)))
    await reported(inbox, "Buy now")
    ana = inbox.people.get("Ana") or await inbox.hire(ANA)
    async with inbox.database.transaction("test.furnish") as session:
        thread = await threads.locked(session, thread_id)
        for text, delivery in [("Sent", "sent"), ("Failed", "failed"), ("Waiting", "pending")]:
            await threads.append(session, thread, "chat", "agent", text, agent=ana, delivery="pending")
            await session.execute(update(Message).where(Message.text == text).values(delivery=delivery))
        await threads.append(session, thread, "chat", "bot", "Too late", delivery="draft")
        await threads.append(session, thread, "note", "agent", "Only for us", agent=ana)
        await marks.tag(session, thread_id, ana, "replacement")
    return thread_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_page_is_accessible(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    thread_id = await furnish(inbox)
    async with inbox.database.transaction("test.invite") as session:
        link = await agents.invite(session)
    context = await browse(expected=("status of 4",), color_scheme=scheme, viewport=size)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    paths = ("/login", f"/join/{link}", "/join/over", "/nowhere", "/inbox", "/inbox?view=mine&q=none", "/admin/tags")
    for path in (*paths, "/admin"):
        await page.goto(url + path)
        await looked_at(page)
    await page.get_by_role("button", name="Make an invitation link").click()
    await looked_at(page)
    await page.goto(f"{url}/inbox/{thread_id}")
    await looked_at(page)
    await page.get_by_label("Internal note").check()
    await page.get_by_label("Your text").fill("A note " * 600)
    await looked_at(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await looked_at(page)


async def looked_at(page: Page) -> None:
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), f"{page.url} is too wide"


async def test_the_details_are_a_drawer_where_there_is_no_room(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await furnish(inbox)
    context = await browse(viewport=NARROW)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/inbox/{thread_id}")
    details = page.locator("#details")
    await expect(details).to_be_hidden()
    await page.get_by_role("button", name="Details").click()
    await expect(details).to_be_visible()
    await axe(page)
    await page.keyboard.press("Escape")
    await expect(details).to_be_hidden()


async def test_at_320_pixels_there_is_one_pane_and_nothing_to_push_sideways(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await furnish(inbox)
    context = await browse(viewport={"width": 320, "height": 640})
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    for path, shown, hidden in [("/inbox", "#list", "#thread"), (f"/inbox/{thread_id}", "#thread", "#list")]:
        await page.goto(url + path)
        await expect(page.locator(shown)).to_be_visible()
        await expect(page.locator(hidden)).to_be_hidden()
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_without_scripts_a_case_is_claimed_answered_and_closed(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    context = await browse(java_script_enabled=False)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/inbox")
    await page.locator("#rows .row").first.click()
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_label("Your text").fill("Hello Mara")
    await page.get_by_role("button", name="Send reply").click()
    await expect(page.locator("#team li.agent")).to_contain_text("Hello Mara")
    await page.get_by_label("Internal note").check()
    await page.get_by_label("Your text").fill("Hello team")
    await expect(page.get_by_role("button", name="Send reply")).to_be_hidden()
    await page.get_by_role("button", name="Save note").click()
    await expect(page.locator("#team li.note")).to_contain_text("Hello team")
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.locator("#list")).to_contain_text("All clear")
