"""Pages for everybody: light, readable at any size, in any direction and in any colours, with or without scripts."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, Response, ViewportSize, expect

from handoff import threads
from tests.bot.doorstep import Doorstep
from tests.bot.pages.test_in_chromium import PHONE, at_work, complain, join, looks_right, open_chat
from tests.bot.pages.world import COMPLAINT, World, chatting, offered
from tests.browser import Browse, axe, serving
from tests.cast import MARA

NOTEBOOK_AT_400_PERCENT: ViewportSize = {"width": 320, "height": 256}


async def weigh(context: BrowserContext, address: str) -> tuple[Page, int, list[str]]:
    """Open a page in a new browser: the page, the bytes of all that was loaded, and from where."""
    page, answers = await context.new_page(), list[Response]()
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(address, wait_until="networkidle")
    return page, sum([len(await answer.body()) for answer in answers]), [answer.url for answer in answers]


async def test_k8_the_landing_is_light_sets_no_cookie_and_asks_nobody_else(doorstep: Doorstep, browse: Browse) -> None:
    link = await doorstep.offered(MARA)
    async with serving(doorstep.app) as origin:
        page, weight, loaded = await weigh(await browse(viewport=PHONE), f"{origin}{link}")
        await expect(page.get_by_role("button", name="Sign in with X")).to_be_visible()
        assert weight < 30_000
        assert all(url.startswith(origin) or url == "data:," for url in loaded)
        assert len([url for url in loaded if url.endswith(".css")]) == 1
        assert not [url for url in loaded if url.endswith(".js")]
        assert await page.context.cookies() == []
        assert await page.evaluate("() => localStorage.length + sessionStorage.length") == 0


async def test_k8_the_landing_of_the_square_is_as_light(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        mara = await join(await phone(), origin, "Mara")
        link = await complain(mara)
        known = await mara.context.cookies()
        page, weight, _ = await weigh(mara.context, link)
        await expect(page.get_by_role("button", name="Chat here now")).to_be_visible()
        assert weight < 30_000
        assert await mara.context.cookies() == known


async def fits(page: Page, address: str) -> None:
    """Nothing to scroll sideways, and what has the focus is in sight, at 400 % of a notebook's 1280 × 1024."""
    await page.set_viewport_size(NOTEBOOK_AT_400_PERCENT)
    await page.goto(address)
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 320, address
    for _ in range(40):
        await page.keyboard.press("Tab")
        hidden = await page.evaluate(
            """() => {
                const now = document.activeElement;
                if (now === document.body) return "";
                const { left, top, width, height } = now.getBoundingClientRect();
                const seen = document.elementFromPoint(left + width / 2, Math.max(0, top + Math.min(height, 20) / 2));
                return seen && (now.contains(seen) || seen.contains(now)) ? "" : now.outerHTML;
            }"""
        )
        assert not hidden, f"{address}: {hidden} has the focus and is not seen"


@pytest.mark.timeout(200)
async def test_k9_every_page_fits_at_400_percent(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        link = await complain(page)
        topic = page.url
        stop = link.replace("/h/", "/stop/")
        for address in (f"{origin}/square", topic, f"{origin}/privacy", f"{origin}/verify", link, stop):
            await fits(page, address)
        await page.goto(link)
        await page.get_by_role("button", name="Chat here now").click()
        await expect(page.get_by_role("log").get_by_text("takes it from here")).to_be_visible()
        await world.agent_replies("W" * 300)
        for address in (link, f"{link}/yours", f"{link}/yours/delete"):
            await fits(page, address)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("language", ["es", "de", "fr", "el"])
async def test_k9_no_language_is_too_wide(world: World, browse: Browse, language: str) -> None:
    mara, link = await chatting(world)
    async with serving(world.app) as origin:
        context = await browse(viewport=NOTEBOOK_AT_400_PERCENT, java_script_enabled=False, expected=("404",))
        await context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": origin} for one in mara.cookies.jar]
        )
        page = await context.new_page()
        stop = link.replace("/h/", "/stop/")
        pages = ("/square", "/square/t/1", "/square/p/1/edit", "/privacy", "/verify", "/nothing", stop)
        for path in (*pages, link, f"{link}/yours", f"{link}/yours/delete"):
            await page.goto(f"{origin}{path}?lang={language}")
            wide = await page.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= 320, f"{path} is {wide} pixels wide"


async def test_k9_the_landing_of_x_fits_at_400_percent(doorstep: Doorstep, browse: Browse) -> None:
    link = await doorstep.offered(MARA)
    async with serving(doorstep.app) as origin:
        page = await (await browse()).new_page()
        for language in ("en", "es", "de", "fr", "el"):
            await fits(page, f"{origin}{link}?lang={language}")


async def test_k1_the_whole_path_in_a_browser_that_runs_no_scripts(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, _):
        page = await join(await browse(viewport=PHONE, java_script_enabled=False), origin, "Mara")
        await page.get_by_label("Start a topic").fill(COMPLAINT)
        await page.get_by_role("button", name="Post").click()
        button = page.get_by_role("link", name="Need help? Click here")
        while not await button.count():
            await page.reload()
        await button.click()
        await page.get_by_role("button", name="Chat here now").click()
        await expect(page.get_by_text("Check for new messages")).to_be_visible()
        await page.get_by_label("Your message").fill("My order is 4711")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("log").get_by_text("My order is 4711")).to_be_visible()
        await world.agent_replies("It is on its way, Mara")
        while not await page.get_by_text("It is on its way, Mara").count():
            await page.get_by_role("link", name="Check for new messages").click()
        await page.get_by_role("link", name="Your page").click()
        await expect(page.get_by_text("Ana from Northwind has your chat.")).to_be_visible()
        await page.get_by_role("link", name="Stop all contact").click()
        await page.get_by_role("button", name="Stop, do not contact me again").click()
        await expect(page.get_by_role("heading", name="You said STOP")).to_be_visible()


@pytest.mark.timeout(240)
async def test_the_pages_that_anybody_opens_can_be_used_by_everybody(world: World, browse: Browse) -> None:
    _, link = await offered(world)
    ours = world.app.state.site.brand.offer_in("en")[0]
    async with at_work(world, browse) as (origin, phone):
        page = await (await phone()).new_page()
        for pasted in ("", f"{origin}{link}", "https://evil.test/h/x", "who are you", ours):
            await page.goto(f"{origin}/verify")
            if pasted:
                await page.get_by_label("What you got").fill(pasted)
                await page.get_by_role("button", name="Check it").click()
                await expect(page.get_by_role("status")).to_be_visible()
            await looks_right(page)


async def test_the_landing_of_x_can_be_used_by_everybody(doorstep: Doorstep, browse: Browse) -> None:
    link = await doorstep.offered(MARA)
    async with serving(doorstep.app) as origin:
        page = await (await browse(viewport=PHONE)).new_page()
        await page.goto(f"{origin}{link}")
        await looks_right(page)


@pytest.mark.timeout(240)
async def test_the_rarer_states_of_a_chat_can_be_used_by_everybody(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, _):
        context = await browse(viewport=PHONE, expected=("Failed to load", "ERR_"))
        page = await join(context, origin, "Mara")
        link = await open_chat(page)
        async with world.database.transaction("test") as session:
            thread = await threads.locked(session, 1)
            buttons = ["Yes, the same", "No, another one that has a rather long name"]
            await threads.append(session, thread, "chat", "bot", "Same address?", buttons=buttons, delivery="sent")
        await expect(page.get_by_role("button", name="Yes, the same")).to_be_visible()
        await looks_right(page)
        await page.route("**/say*", lambda route: route.fulfill(status=422, body="<p role=alert>Too much.</p>"))
        await page.get_by_label("Your message").fill("Refused")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        await looks_right(page)
        await context.set_offline(True)
        await expect(page.get_by_text("You are offline. Your text is kept.").first).to_be_visible()
        await looks_right(page)
        await context.set_offline(False)
        await world.agent_replies("Solved, I hope")
        await page.goto(f"{link}/yours")
        await page.get_by_role("button", name="End the chat").click()
        await page.goto(f"{link}#end")
        await expect(page.get_by_text("Was it solved?")).to_be_visible()
        await looks_right(page)


async def test_pages_that_say_no_can_be_used_by_everybody(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        mara = await join(await phone(), origin, "Mara")
        await complain(mara)
        page = await join(await phone(), origin, "Noor")
        for path, heading in (
            ("/square/p/1/report", "Report this post?"),
            ("/square/p/1/edit", "That is not possible here"),
            ("/h/nothing", "This link does not work"),
            ("/square/t/9?page=2", "There is nothing here"),
        ):
            await page.goto(f"{origin}{path}")
            await expect(page.get_by_role("heading", name=heading)).to_be_visible()
            await looks_right(page)
        for _ in range(60):
            await page.context.request.get(f"{origin}/h/nothing")
        await page.goto(f"{origin}/h/nothing")
        await expect(page.get_by_text("Please wait")).to_be_visible()
        await looks_right(page)


async def test_a_landing_that_tells_of_trouble_can_be_used_by_everybody(doorstep: Doorstep, browse: Browse) -> None:
    async with serving(doorstep.app) as origin:
        doorstep.origin = origin
        page = await (await browse(viewport=PHONE, expected=("Failed to load", "form-action"))).new_page()
        link = await doorstep.offered(MARA)
        visit = await page.context.request.post(
            f"{origin}{link}/prove/sign-in", headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0
        )
        state = re.findall(r"state=([^&]+)", visit.headers["location"])[0]
        await page.goto(f"{origin}/proof/x?error=access_denied&state={state}")
        await expect(page.get_by_role("alert")).to_contain_text("You did not sign in")
        await looks_right(page)


async def test_buttons_and_bubbles_keep_their_borders_in_forced_colours(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, _):
        context = await browse(viewport=PHONE, forced_colors="active", expected=("Failed to load resource",))
        page = await join(context, origin, "Mara")
        await open_chat(page)
        for selector in (".button", ".bot .said"):
            width = await page.locator(selector).first.evaluate("(one) => getComputedStyle(one).borderTopWidth")
            assert float(re.sub("px", "", width)) >= 1
        await axe(page)


async def test_nothing_moves_for_who_wants_no_motion(world: World, browse: Browse) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        await world.agent_replies("Without a stir")
        line = page.locator(".line", has_text="Without a stir")
        await expect(line).to_be_visible()
        assert await line.evaluate("(one) => getComputedStyle(one).animationName") == "none"
