"""What an agent's browser does when the connection, the server or the sign-in is lost."""

import re
from urllib.parse import urlsplit

from playwright.async_api import Route, expect

from handoff import agents
from tests.browser import Browse, serving
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said, write
from tests.handoff.web.story import handed_off, says


async def test_i5_a_server_that_fails_leaves_the_text_on_the_page_to_be_tried_again(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, body="broken")

    await page.route("**/reply*", fail)
    await write(page, "Hello")
    bubble = page.locator("#team li.agent")
    await expect(bubble).to_contain_text("Not sent")
    await page.unroute("**/reply*")
    await page.get_by_role("button", name="Try again").click()
    await expect(bubble).to_contain_text("Ben")
    await expect(bubble).to_have_count(1)
    assert len(await said(inbox, "Hello")) == 1


async def test_a_reply_whose_answer_was_lost_is_not_said_twice(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")

    async def take_it_and_fail(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/reply*", take_it_and_fail, times=1)
    await write(page, "Hello")
    await expect(page.locator("#team li.agent")).to_have_count(1)
    await expect(page.locator("#team li.agent")).to_contain_text("Ben")
    assert len(await said(inbox, "Hello")) == 1


async def test_what_could_not_be_sent_outlives_a_reload_and_goes_out_by_hand(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await page.route("**/reply*", lambda route: route.abort())
    await write(page, "Hello")
    await expect(page.locator("#team li.agent")).to_contain_text("Waiting for connection")
    await page.reload()
    await expect(page.locator("#team li.agent")).to_contain_text("Not sent")
    await page.unroute("**/reply*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#team li.agent")).to_contain_text("Ben")
    assert len(await said(inbox, "Hello")) == 1


async def test_i18_a_server_that_is_away_and_back_loses_nothing(inbox: Inbox, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    async with serving(inbox.app) as url:
        page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
        inbox.live.close()
    banner = page.locator("#banner")
    await write(page, "Written in the dark")
    await page.get_by_label("Your text").fill("A draft")
    await expect(banner).to_have_text("Connection lost. Trying again… You can go on writing.")
    await expect(page.locator("#team li.agent")).to_contain_text("Waiting for connection")
    await says(inbox.database, thread_id, "Is anybody there?")
    async with serving(inbox.app, urlsplit(url).port or 0):
        await expect(page.locator("#team")).to_contain_text("Is anybody there?")
        await expect(page.locator("#team li.agent")).to_contain_text("Ben")
        await expect(banner).to_be_empty()
        await expect(page.get_by_label("Your text")).to_have_value("A draft")
        assert len(await said(inbox, "Written in the dark")) == 1
        inbox.live.close()


async def test_who_is_shut_out_is_out_of_an_open_page_too(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await page.wait_for_timeout(300)
    ana = await inbox.hire(ANA)
    async with inbox.database.transaction("test.disable") as session:
        await agents.disable(session, inbox.people["Ben"].id, ana)
    await expect(page).to_have_url(re.compile(r"/login"))


async def test_i17_eight_tabs_share_one_stream_and_all_are_live(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    first = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    pages = [first, *[await first.context.new_page() for _ in range(7)]]
    for page in pages[1:]:
        await page.goto(first.url)
    await says(inbox.database, thread_id, "To all of you")
    for page in pages:
        await expect(page.locator("#team")).to_contain_text("To all of you")
    assert len(inbox.live._queues) == 1
