"""More of teaching in a real browser: a split, a file, and words that stand for something."""

from playwright.async_api import expect

from handoff import examples, intents
from tests.browser import Browse, axe
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.test_intents import texts

WRAPPED = ("wrap it with a ribbon", "could you wrap it up nicely", "wrap it as a present please")
CARDS = ("put a card into it", "write a card for my aunt")

BAD = "text,intent\nwith a big bow,gift_wrapping\nwith a bow,no such name!\n"
GOOD = BAD.replace("no such name!", "gift_wrapping")


async def gifts(inbox: Inbox) -> None:
    """An intent about two things."""
    async with inbox.database.transaction("test.gifts") as session:
        await intents.create(session, "gift", None)
        for text in (*WRAPPED, *CARDS):
            await examples.add(session, text, "gift", "en", source="admin", by=None)


async def test_an_intent_is_split_by_what_is_nearest_to_a_text_after_a_look_at_both_sides(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await gifts(inbox)
    page = await desk(inbox, url, browse, "/admin/nlu/intents/gift", ANA)
    await page.get_by_role("link", name="Split").click()
    await page.get_by_label("Choose those nearest to").fill("wrap it")
    await page.get_by_role("button", name="Choose").click()
    await expect(page.get_by_role("status").filter(has_text="are chosen")).to_contain_text("3 are chosen")
    await page.get_by_label("Name of the new intent").fill("gift_wrapping")
    await page.get_by_label(CARDS[0]).check()
    await page.get_by_label(CARDS[0]).uncheck()
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_role("heading", name="Before you split")).to_be_visible()
    await expect(page.locator(".sides > div").nth(0).get_by_role("listitem")).to_have_count(3)
    await expect(page.locator(".sides > div").nth(1).get_by_role("listitem")).to_have_count(2)
    await axe(page)
    assert await texts(inbox, "gift") == {*WRAPPED, *CARDS}, "nothing is done yet"
    await page.get_by_role("button", name="Split").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("gift_wrapping")
    assert (await texts(inbox, "gift_wrapping"), await texts(inbox, "gift")) == ({*WRAPPED}, {*CARDS})


async def test_a_file_with_a_bad_line_is_put_right_looked_at_and_imported(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, "/admin/nlu/import", ANA)
    await page.get_by_label("A file").set_input_files(
        {"name": "gifts.csv", "mimeType": "text/csv", "buffer": BAD.encode()}
    )
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_role("heading", name="What cannot be taken")).to_be_visible()
    await expect(page.locator("section").first).to_contain_text("Line 3")
    await axe(page)
    field = page.get_by_label("Or paste it")
    await expect(field).to_have_value(BAD)
    await field.fill(GOOD)
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.locator(".counts")).to_contain_text("2 new examples")
    await axe(page)
    assert await texts(inbox, "gift_wrapping") == set(), "nothing changes before somebody says so"
    await page.get_by_role("button", name="Import", exact=True).click()
    await page.wait_for_url("**/import?done=2")
    assert await texts(inbox, "gift_wrapping") == {"with a big bow", "with a bow"}


async def test_an_entity_is_marked_with_the_mouse_and_given_words_that_stand_for_it(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await gifts(inbox)
    page = await desk(inbox, url, browse, "/admin/nlu/intents/gift?q=ribbon", ANA)
    row = page.locator(".examples > li")
    await row.locator("summary").click()
    field = row.get_by_label("Text")
    box = await field.bounding_box()
    assert box
    await field.evaluate("field => field.setSelectionRange(0, 0)")
    for _ in WRAPPED[0].removesuffix("ribbon"):
        await field.press("ArrowRight")
    await field.press("Control+Shift+ArrowRight")
    await row.get_by_label("Mark the selection as").fill("decoration")
    await row.get_by_role("button", name="Mark", exact=True).click()
    await expect(field).to_have_value("wrap it with a [ribbon](decoration)")
    await row.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Entities").click()
    await expect(page.get_by_role("row", name="decoration")).to_contain_text("the examples alone")
    for text, kind, value in (("gift ribbon", "Word", ""), ("bow", "Synonym", "ribbon")):
        await page.get_by_label("Entity", exact=True).fill("decoration")
        await page.get_by_label("By").select_option(kind)
        await page.get_by_label("Text", exact=True).fill(text)
        await page.get_by_label("Of a synonym, what it stands for").fill(value)
        await page.get_by_role("button", name="Add", exact=True).click()
    words = page.get_by_role("row", name="decoration")
    await expect(words).to_contain_text("gift ribbon")
    await expect(words).to_contain_text("bow stands for ribbon")
    await axe(page)
    await page.get_by_role("button", name="Remove gift ribbon").click()
    await expect(words).not_to_contain_text("gift ribbon")
