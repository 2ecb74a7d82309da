"""Clocks as agents see them: in the list, in the thread, and where an admin sets them."""

import re
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Page, expect

from handoff.web import chips
from tests.browser import Browse, axe
from tests.cast import BEN, JOSE, MARA, NOOR
from tests.handoff.time_of_targets import ask_of_ourselves, passes
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import HANDLED, desk, write
from tests.handoff.web.story import Story, handed_off, says


async def shows(page: Page, words: str, icon: str, state: str) -> None:
    """The same chip in the list and over the thread: in words, in its drawing and in its colour."""
    for where, name in (("#rows", "Reply"), ("#thread-head", "(First|Next) reply")):
        chip = page.locator(f"{where} [data-due]")
        await expect(chip).to_have_text(re.compile(f"{name} {words}"))
        await expect(chip).to_have_class(f"chip {state}")
        await expect(chip.locator("use")).to_have_attribute("href", re.compile(f"#{icon}$"))


async def test_i14_a_clock_counts_down_by_itself_stops_and_starts(inbox: Inbox, url: str, browse: Browse) -> None:
    await ask_of_ourselves(inbox.database, 60, close=None)
    thread_id = await handed_off(inbox.database)
    context = await browse(expected=HANDLED)
    page = await context.new_page()
    await page.clock.install()
    await inbox.sit_down(context, BEN, url)
    await page.goto(f"{url}/inbox/{thread_id}")
    await expect(page.locator("html.js")).to_be_attached()
    await shows(page, "in 60 min", "clock", "calm")
    await context.route("**/inbox/**", lambda route: route.abort())  # the page is on its own
    await page.clock.fast_forward("46:00")
    await shows(page, "soon, in 1[34] min", "timer", "soon")
    await page.clock.fast_forward("20:00")
    await shows(page, "overdue by [56] min", "circle-alert", "late")
    await context.unroute("**/inbox/**")
    await page.clock.resume()
    await write(page, "Here I am")
    await expect(page.locator("#rows [data-due]")).to_have_count(0)
    await expect(page.locator("#thread-head [data-due]")).to_have_count(0)
    await says(inbox.database, thread_id, "Thank you, but")
    await expect(page.locator("#thread-head [data-clock='Next reply']")).to_be_visible()
    await page.locator("#more summary").click()
    await page.get_by_role("button", name="Close and stay").click()
    await expect(page.locator("#thread-head")).to_contain_text("Closed")
    await expect(page.locator("[data-due]")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_every_state_of_a_clock_is_accessible(
    inbox: Inbox, url: str, browse: Browse, scheme: str, width: int
) -> None:
    await ask_of_ourselves(inbox.database, 60)
    late, soon, _ = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR, JOSE)]
    await passes(inbox.database, late, 75)
    await passes(inbox.database, soon, 50)
    size = {"width": width, "height": 900}
    page = await desk(inbox, url, browse, "/inbox?sort=due", color_scheme=scheme, viewport=size)
    said: list[str | re.Pattern[str]] = ["Reply overdue by 15 min", re.compile("Reply soon, in"), "Reply in 60 min"]
    await expect(page.locator("#rows [data-due]")).to_have_text(said)
    await axe(page)
    await page.goto(f"{url}/inbox/{late}?view=risk")
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_what_was_missed_stays_to_be_seen(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await ask_of_ourselves(inbox.database, 60, close=None)
    thread_id = await handed_off(inbox.database)
    await passes(inbox.database, thread_id, 75)
    assert "First reply overdue by 15 min" in (await ben.get(f"/inbox/{thread_id}")).text
    await ben.post(f"/inbox/{thread_id}/close")
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "First reply missed by 15 min" in page
    assert "data-due" not in page


async def test_cases_at_risk_have_a_view_and_a_count(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await ask_of_ourselves(inbox.database, 60)
    assert "Nothing is due soon, and nothing is overdue." in (await ben.get("/inbox?view=risk")).text
    soon = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, summary="The app crashes"))
    await passes(inbox.database, soon, 50)
    page = (await ben.get("/inbox?view=risk")).text
    assert 'At risk <span class="n" data-count="risk">1</span>' in page
    assert f'id="row-{soon}"' in page
    assert "The app crashes" not in page


async def test_what_is_due_first_can_stand_first(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await ask_of_ourselves(inbox.database, 60)
    await handed_off(inbox.database, Story(author=NOOR, summary="The app crashes"))
    first = await handed_off(inbox.database)
    await passes(inbox.database, first, 50)
    page = (await ben.get("/inbox?sort=due")).text
    assert page.index("Charged twice") < page.index("The app crashes")


async def test_while_a_case_is_out_of_sight_no_clock_is_shown(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await ask_of_ourselves(inbox.database, 60)
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/snooze", data={"until": "hours", "zone": "UTC"})
    assert "data-due" not in (await ben.get(f"/inbox/{thread_id}?view=snoozed")).text


@pytest.mark.parametrize(
    ("state", "minutes", "words"),
    [
        ("calm", 59.5, "Reply in 60 min"),
        ("calm", 60 * 24 * 3, "Reply in 3 days"),
        ("soon", 0.2, "Reply soon, in 1 min"),
        ("late", -0.5, "Reply overdue"),
        ("late", -119.9, "Reply overdue by 119 min"),
        ("late", -121, "Reply overdue by 2 h"),
    ],
)
def test_a_clock_is_said_in_one_number(state: chips.State, minutes: float, words: str) -> None:
    assert chips.words("Reply", state, timedelta(minutes=minutes)) == words
