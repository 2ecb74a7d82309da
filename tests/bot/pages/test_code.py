"""The page of a code: it opens the chat in the browser that asked, once, soon, and after the author posted it."""

import asyncio
from datetime import timedelta

from bot.pages.pace import LIMITS
from tests.bot.doorstep import Doorstep, cookies
from tests.bot.pages.world import words
from tests.cast import MARA, TROLL


async def test_the_author_posts_the_code_and_goes_on_to_the_chat(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    early = await browser.post(f"{link}/prove/enter")
    assert early.status_code == 409
    assert "Your code has not reached us yet." in words(early.text)
    await doorstep.posts(MARA, f"@northwind_help {code}")
    assert "Thank you, it is you" in words((await browser.get(f"{link}/prove/code")).text)
    on = await browser.post(f"{link}/prove/enter")
    assert (on.status_code, on.headers["location"]) == (303, f"{link}#end")
    await doorstep.town.work()
    assert "Northwind's automated assistant" in words((await browser.get(link)).text)
    assert await doorstep.town.value("SELECT proof FROM opt_ins") == "posted the code"


async def test_the_cookie_changes_when_the_browser_goes_on(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    before = dict(browser.cookies)
    await doorstep.enters(code, MARA)
    assert not await doorstep.is_open(browser, link)
    on = await browser.post(f"{link}/prove/enter")
    assert int(cookies(on)["knock-visit"]["max-age"]) == 30 * 24 * 3600
    assert await doorstep.is_open(browser, link)
    thief = doorstep.browser()
    thief.cookies.update(before)
    assert not await doorstep.is_open(thief, link)
    assert (await thief.post(f"{link}/prove/enter")).headers["location"] == link
    assert not await doorstep.is_open(thief, link)


async def test_only_the_browser_that_asked_for_the_code_goes_on(doorstep: Doorstep) -> None:
    link, browser, other = await doorstep.offered(MARA), doorstep.browser(), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.code(other, link)
    await doorstep.enters(code, MARA)
    for stranger in (other, doorstep.browser()):
        await stranger.post(f"{link}/prove/enter")
        assert not await doorstep.is_open(stranger, link)


async def test_of_twins_that_go_on_at_once_one_wins(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await doorstep.enters(await doorstep.code(browser, link), MARA)
    twins = [doorstep.browser() for _ in range(5)]
    for twin in twins:
        twin.cookies.update(browser.cookies)
    answers = await asyncio.gather(*(twin.post(f"{link}/prove/enter") for twin in twins))
    assert sum("set-cookie" in answer.headers for answer in answers) == 1
    assert sum([await doorstep.is_open(twin, link) for twin in twins]) == 1


async def test_a_code_works_once(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.enters(code, MARA)
    await browser.post(f"{link}/prove/enter")
    await browser.post(f"{link}/leave")
    await doorstep.posts(MARA, f"@northwind_help {code}")
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0


async def test_a_code_lives_for_a_quarter_of_an_hour(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.town.pass_time(timedelta(minutes=14))
    assert await doorstep.code(browser, link) == code
    await doorstep.town.pass_time(timedelta(minutes=2))
    assert not await doorstep.enters(code, MARA)
    assert await doorstep.code(browser, link) != code
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0


async def test_a_code_opens_no_other_link_than_the_one_it_is_for(doorstep: Doorstep) -> None:
    """The holder of somebody else's link posts, from their own account, the code that they got there."""
    link, own = await doorstep.offered(MARA), await doorstep.offered(TROLL)
    browser = doorstep.browser()
    code = await doorstep.code(browser, link)
    assert not await doorstep.enters(code, TROLL)
    assert not await doorstep.is_open(browser, link)
    assert not await doorstep.is_open(browser, own)


async def test_who_asks_for_many_codes_is_asked_to_wait(doorstep: Doorstep) -> None:
    link = await doorstep.offered(MARA)
    most = int(LIMITS["code"].split("/")[0])
    for _ in range(most):
        await doorstep.code(doorstep.browser("10.0.0.7"), link)
    answer = await doorstep.browser("10.0.0.7").post(f"{link}/prove/code")
    assert answer.status_code == 429
    assert "Please wait" in words(answer.text)
    assert int(answer.headers["retry-after"]) > 0
    assert "set-cookie" not in answer.headers
    await doorstep.code(doorstep.browser("10.0.0.8"), link)


async def test_asking_again_shows_the_same_code_and_costs_nothing(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    assert len({await doorstep.code(browser, link) for _ in range(8)}) == 1
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 1


async def test_who_cannot_sign_in_after_all_can_post_a_code(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    code = await doorstep.code(browser, link)
    assert (await browser.get(path)).status_code == 303
    assert await doorstep.is_open(browser, link)
    await doorstep.posts(MARA, f"@northwind_help {code}")
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 1


async def test_a_code_after_a_stop_does_not_undo_it(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await browser.post(f"/stop/{link[3:]}")
    code = await doorstep.code(browser, link)
    assert await doorstep.enters(code, MARA)
    await browser.post(f"{link}/prove/enter")
    assert "You said STOP" in words((await browser.get(link)).text)
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0


async def test_the_page_of_a_code_is_there_for_its_own_browser_alone(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    for stranger, path in ((doorstep.browser(), link), (browser, "/h/nothing")):
        for answer in (await stranger.get(f"{path}/prove/code"), await stranger.post(f"{path}/prove/enter")):
            assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert (await stranger.get(f"{path}/prove/live")).status_code == 404
    page = (await browser.get(f"{link}/prove/code")).text
    assert code in page
    assert "mara" not in page.lower()
    assert "parcel" not in page


async def test_the_page_names_direct_messages_only_where_they_reach_us(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await doorstep.code(browser, link)
    assert "direct message" not in (await browser.get(f"{link}/prove/code")).text
    doorstep.town.x.hears_messages = True
    assert "as a direct message" in words((await browser.get(f"{link}/prove/code")).text)


async def test_who_loads_the_page_again_that_a_button_led_to_is_where_they_were(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    for step, page in (("enter", f"{link}/prove/code"), ("sign-in", link), ("nothing", link)):
        assert (await browser.get(f"{link}/prove/{step}")).headers["location"] == page


async def test_telegram_asks_for_no_code(doorstep: Doorstep) -> None:
    token = await doorstep.town.offered(MARA)
    answer = await doorstep.browser().post(f"/h/{token}/prove/code")
    assert answer.headers["location"] == f"/h/{token}"
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0
