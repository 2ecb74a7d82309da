"""The list and the thread in a real browser: opening, finding, selecting, narrow screens, and no scripts at all."""

import re

from playwright.async_api import expect

from tests.browser import Browse, axe
from tests.cast import ANA, BEN, JOSE, MARA, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off, says


async def test_i1_a_case_is_opened_by_j_j_enter_and_back_returns(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, "/inbox")
    for key in ("j", "j", "Enter"):
        await page.keyboard.press(key)
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Crash")
    await page.go_back()
    await expect(page).to_have_url(re.compile("/inbox$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")


async def test_i2_a_thread_has_three_parts_and_a_script_in_it_is_text(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database, Story(lines=("<script>document.title = 'gone'</script>",)))
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await expect(page.locator("#log h2")).to_have_text(
        [re.compile("Public posts"), re.compile("Chat with the bot"), re.compile("With our team")]
    )
    await expect(page.locator("#bot")).to_contain_text("<script>document.title")
    assert "gone" not in await page.title()


async def test_i13_closing_goes_on_with_the_next_and_leaves_the_lists_of_all(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, f"/inbox/{mara}")
    other = await desk(inbox, url, browse, "/inbox", ANA)
    await page.keyboard.press("e")
    title = page.get_by_role("heading", level=1)
    await expect(title).to_have_text("Crash")
    await expect(title).to_be_focused()
    await expect(other.locator("#rows .name")).to_have_text([str(NOOR.name)])


async def test_i19_a_search_finds_a_word_of_a_public_post(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database, Story(posts=("@northwind my zeppelin arrived without its cable",)))
    await handed_off(inbox.database, Story(author=NOOR))
    page = await desk(inbox, url, browse, "/inbox")
    await page.keyboard.press("/")
    await page.keyboard.type("zepp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rows .name")).to_have_text(["Mara"])
    await expect(page.locator("#rows mark")).to_have_text("zeppelin")
    await axe(page)
    await page.locator("#rows .row").click()
    await expect(page).to_have_url(re.compile(rf"/inbox/{thread_id}\?view=all&q=zepp"))
    await page.get_by_role("link", name="Clear the search").click()
    await expect(page.locator("#rows .name")).to_have_count(2)


async def test_several_cases_are_selected_with_a_key_and_closed(inbox: Inbox, url: str, browse: Browse) -> None:
    for who in (MARA, NOOR, JOSE):
        await handed_off(inbox.database, Story(author=who))
    page = await desk(inbox, url, browse, "/inbox")
    bar = page.locator("#several")
    await expect(bar).to_be_hidden()
    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(bar).to_contain_text("2 selected")
    await axe(page)
    await bar.get_by_role("button", name="Close").click()
    await expect(page.locator("#rows .name")).to_have_text([str(JOSE.name)])
    await expect(bar).to_be_hidden()


async def test_what_could_not_be_done_stays_on_the_page(inbox: Inbox, url: str, browse: Browse) -> None:
    mara = await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR))
    ana = await inbox.visitor(ANA)
    await ana.post(f"/inbox/{noor}/claim")
    page = await desk(inbox, url, browse, "/inbox")
    for box in await page.locator(".pick input").all():
        await box.check()
    await page.locator("#several").get_by_role("button", name="Claim").click()
    await expect(page.locator("#undone")).to_contain_text("Done with 1 of 2.")
    await says(inbox.database, mara, "Hello?")
    await expect(page.locator("#rows")).to_contain_text("You")
    await expect(page.locator("#undone")).to_contain_text("A colleague has claimed this case")


async def test_a_tag_is_added_with_a_key_and_a_case_snoozed(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.keyboard.press("t")
    await page.keyboard.type("refund")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-head .about")).to_contain_text("refund")
    await expect(page.locator("#tags .menu")).to_be_hidden()
    await page.keyboard.press("s")
    await page.get_by_role("button", name="Tomorrow, 9:00").click()
    await expect(page.locator("#thread-head .about")).to_contain_text("Snoozed until")
    await expect(page.locator("#rows")).to_contain_text("All clear")


async def test_a_page_that_does_not_come_is_said_in_place(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox")
    await page.context.set_offline(True)
    await page.locator("#rows .row").click()
    trouble = page.locator("#list-trouble")
    await expect(trouble).to_contain_text("Could not load.")
    await page.context.set_offline(False)
    await trouble.get_by_role("link", name="Try again").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Charged twice for one order")


async def test_i22_at_320_pixels_menus_and_the_bar_fit(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox", viewport={"width": 320, "height": 640})
    await page.locator("#views summary").click()
    await page.locator(".pick input").check()
    for path, menus in (("/inbox", ["#views"]), (f"/inbox/{thread_id}", ["#snooze", "#tags"])):
        await page.goto(url + path)
        for menu in menus:
            await page.locator(f"{menu} summary").click()
            await expect(page.locator(f"{menu} .menu")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_i23_without_scripts_a_case_is_claimed_tagged_noted_and_snoozed(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await handed_off(inbox.database)
    context = await browse(java_script_enabled=False)
    await inbox.sit_down(context, BEN, url)
    page = await context.new_page()
    await page.goto(f"{url}/inbox")
    await page.locator(".pick input").check()
    await page.locator("#several").get_by_role("button", name="Claim").click()
    await page.locator("#rows .row").click()
    await expect(page.locator("#thread-head")).to_contain_text("Yours")
    await page.locator("#tags summary").click()
    await page.locator("#tags").get_by_label("Tag", exact=True).fill("refund")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#thread-head .about")).to_contain_text("refund")
    await page.get_by_label("Internal note").check()
    await page.get_by_label("Your text").fill("Ask billing")
    await page.get_by_role("button", name="Save note").click()
    await expect(page.locator("#team li.note")).to_contain_text("Ask billing")
    await page.locator("#snooze summary").click()
    await page.get_by_role("button", name="In 3 hours").click()
    await expect(page.locator("#thread-head .about")).to_contain_text("Snoozed until")
    await page.locator("#views summary").click()
    await page.get_by_role("link", name=re.compile("^Snoozed")).click()
    await expect(page.locator("#rows .name")).to_have_text(["Mara"])
