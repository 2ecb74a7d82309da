"""Teaching the bot in a real browser: by keyboard, in every colour and width, with words that try to break the page."""

import pytest
from playwright.async_api import expect

from handoff import examples, intents
from tests.browser import Browse, axe
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.test_intents import XSS, texts
from tests.handoff.web.test_look import NARROW, WIDE


async def test_an_intent_is_taught_by_keyboard_and_words_are_marked_by_selecting_them(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, "/admin/nlu/intents", ANA)
    await page.get_by_label("Name", exact=True).focus()
    await page.keyboard.type("gift_wrapping")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Ribbons and cards")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("gift_wrapping")
    field = page.get_by_label("What customers would say, one on each line")
    await field.focus()
    await page.keyboard.type("please wrap my kettle")
    for _ in "kettle":
        await page.keyboard.press("Shift+ArrowLeft")
    await page.keyboard.press("Tab")
    await page.keyboard.type("product")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("please wrap my [kettle](product)")
    await expect(field).to_be_focused()
    await (
        page.locator("section", has=page.locator("#add-title"))
        .get_by_role("button", name="Add", exact=True)
        .press("Enter")
    )
    await expect(page.locator(".examples mark")).to_have_text("kettle")
    assert await texts(inbox, "gift_wrapping") == {"please wrap my kettle"}


async def test_an_example_is_changed_removed_and_put_back_in_the_browser(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, "/admin/nlu/intents/refund?q=money+for+the+return", ANA)
    row = page.locator(".examples > li")
    await row.locator("summary").press("Enter")
    await row.get_by_label("Text").fill("when do I get my money?")
    await row.get_by_role("button", name="Save").press("Enter")
    await page.goto(f"{url}/admin/nlu/intents/refund?source=admin")
    await expect(row.locator(".said")).to_have_text("when do I get my money?")
    await row.locator("summary").press("Enter")
    await row.get_by_role("button", name="Remove").press("Enter")
    await expect(page.get_by_text("Removed “when do I get my money?”")).to_be_visible()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="Undo").press("Enter")
    await expect(row.locator(".said")).to_have_text("when do I get my money?")


PAGES = (
    "/admin/nlu/intents",
    "/admin/nlu/intents/odd?near=where+is+my+parcel",
    "/admin/nlu/patterns",
    "/admin/nlu/import",
    "/admin/nlu/intents/refund/rename?to=money_back",
    "/admin/nlu/intents/refund/merge?to=complaint",
    "/admin/nlu/intents/refund/retire",
    "/admin/nlu/intents/odd/split?near=img",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_pages_of_teaching_are_accessible_and_what_somebody_wrote_stays_text(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    async with inbox.database.transaction("test.teach") as session:
        await intents.create(session, "odd", None, description=XSS)
        await examples.add(session, f"{XSS} {'x' * 300}", "odd", "en", source="admin", by=None)
        await intents.retire(session, "question_before_buying")
    whole = size | {"height": 6000}
    page = await desk(inbox, url, browse, "/admin/nlu/intents", ANA, color_scheme=scheme, viewport=whole)
    for path in PAGES:
        await page.goto(url + path)
        for summary in await page.locator("main summary").all():
            await summary.click()
        await axe(page)
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_everything_is_there_without_scripts(inbox: Inbox, url: str, browse: Browse) -> None:
    context = await browse(java_script_enabled=False)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/admin/nlu/intents/refund")
    await expect(page.get_by_role("button", name="Mark", exact=True).first).to_be_hidden()
    await page.get_by_label("What customers would say").fill("money for my [kettle](product) now")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator(".examples mark").first).to_have_text("kettle")
