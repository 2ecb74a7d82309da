"""Somebody is faster than the server: the last wish counts, and nothing that comes late pulls them back."""

import asyncio
import re
from dataclasses import fields
from typing import Any

from playwright.async_api import Page, Route, expect

from handoff.web.where import Place
from tests.browser import Browse
from tests.cast import JOSE, MARA, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off
from tests.knock_process import ROOT

SLOW = 0.8


async def slowly(page: Page, pattern: str) -> None:
    """Answers at an address come late."""

    async def wait(route: Route) -> Any:
        await asyncio.sleep(SLOW)
        await route.continue_()

    await page.route(re.compile(pattern), wait)


def tab(page: Page, name: str) -> Any:
    """A view above the list."""
    return page.get_by_role("navigation", name="Cases").get_by_role("link", name=name)


async def test_of_two_views_the_last_that_was_clicked_is_shown(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox")
    await slowly(page, r"/inbox\?view=waiting")
    await tab(page, "Waiting").click()
    await tab(page, "Mine").click()
    await expect(page).to_have_url(re.compile("view=mine"))
    await page.wait_for_timeout(1000 * SLOW + 500)
    await expect(page).to_have_url(re.compile("view=mine"))
    await expect(tab(page, "Mine")).to_have_attribute("aria-current", "page")
    await expect(page.locator("#rows > li[id]")).to_have_count(0)


async def test_back_that_comes_late_does_not_take_the_place_of_a_click(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox?view=waiting")
    await tab(page, "All open").click()
    await expect(page).to_have_url(re.compile("view=open"))
    await slowly(page, r"/inbox\?view=waiting")
    await page.evaluate("history.back()")
    await tab(page, "Mine").click()
    await page.wait_for_timeout(1000 * SLOW + 500)
    await expect(page).to_have_url(re.compile("view=mine"))
    await expect(tab(page, "Mine")).to_have_attribute("aria-current", "page")
    await expect(page.locator("#rows > li[id]")).to_have_count(0)


async def test_a_deed_that_is_done_late_does_not_pull_one_back(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, f"/inbox/{mara}?sort=oldest")
    await slowly(page, "/claim")
    await page.keyboard.press("i")
    await page.locator(f"#row-{noor} .row").click()
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await page.get_by_label("Your text").fill("To Noor")
    await expect(page.locator(f"#row-{mara} .who")).to_contain_text("You")
    await page.wait_for_timeout(500)
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await expect(page.get_by_label("Your text")).to_have_value("To Noor")


async def test_the_button_of_changes_hands_the_focus_to_the_list(inbox: Inbox, url: str, browse: Browse) -> None:
    told = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, "/inbox?sort=newest")
    await page.locator(f"#row-{told[0]} .row").focus()
    jose = await handed_off(inbox.database, Story(author=JOSE))
    button = page.get_by_role("button", name="1 change")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#row-{jose} .row")).to_be_focused()


def test_a_page_tells_the_stream_all_that_makes_a_place() -> None:
    script = (ROOT / "handoff/web/static/page.js").read_text()
    (names,) = re.findall(r"const PLACE = \[(.*?)\]", script)
    assert re.findall(r'"(\w+)"', names) == [field.name for field in fields(Place)]


async def test_an_address_with_anything_besides_is_followed(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, "/inbox?junk=" + "x" * 6000)
    mara = await handed_off(inbox.database)
    await expect(page.locator(f"#row-{mara}")).to_be_visible()
    await page.wait_for_timeout(1000)
    assert inbox.live.listeners == 1
