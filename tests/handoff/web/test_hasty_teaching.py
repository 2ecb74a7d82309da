"""Whoever teaches in haste: Enter where one types, a key that is held, a second click, an older tab."""

import re

import httpx
from playwright.async_api import expect

from handoff import intents
from tests.browser import Browse
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.spoken import says
from tests.handoff.web.test_intents import texts
from tests.handoff.web.test_review import REVIEW, digest

NEAR = ("Where is my parcel", "where's my parcel now?")


async def said(inbox: Inbox, *lines: str) -> None:
    """Several customers, each unsure to the bot."""
    for text in lines:
        await says(inbox.database, text)


async def test_enter_in_the_field_of_near_texts_gives_what_was_typed_and_a_refusal_keeps_the_choice(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await said(inbox, *NEAR)
    page = await desk(inbox, url, browse, f"{REVIEW}?language=en", ANA)
    await page.get_by_role("link", name="Near ones").first.click()
    await expect(page).to_have_url(re.compile("language=en"))
    await page.locator(".near input").nth(1).uncheck()
    await page.get_by_label("Another intent").fill("no such one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("There is no intent “no such one”")
    await expect(page.locator(".near input").nth(1)).not_to_be_checked()
    await page.get_by_label("Another intent").fill("order_missing")
    await page.keyboard.press("Enter")
    await expect(page.locator("#last")).to_contain_text("order_missing")
    await expect(page.locator("#review .said")).to_have_count(1)


async def test_a_key_that_is_held_answers_one_text(inbox: Inbox, url: str, browse: Browse) -> None:
    await said(inbox, "Money back when?", "I want out", "Where is it")
    page = await desk(inbox, url, browse, REVIEW, ANA)
    await page.keyboard.press("j")
    for _ in range(4):
        await page.keyboard.down("x")
    await page.keyboard.up("x")
    await expect(page.locator("#progress")).to_contain_text("2 in all")
    await page.keyboard.press("x")
    await expect(page.locator("#progress")).to_contain_text("1 in all")


async def test_a_typed_name_that_is_refused_is_put_right_where_it_stands(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await said(inbox, "Money back when?", "I want out")
    page = await desk(inbox, url, browse, REVIEW, ANA)
    await page.keyboard.press("j")
    await page.keyboard.press("/")
    await page.keyboard.type("refnd")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("refnd")
    field = page.locator("#review .cards > li").first.get_by_label("Another intent")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    for _ in range(2):
        await page.keyboard.press("Backspace")
    await page.keyboard.type("und")
    await page.keyboard.press("Enter")
    await expect(page.locator("#last")).to_contain_text("refund")


async def test_an_older_tab_undoes_no_other_answer_than_the_one_it_names(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await said(inbox, "Money back when?", "I want out")
    seen = []
    for text in ("Money back when", "I want out"):
        page = await ana.post(REVIEW, data={"digest": digest(text), "answer": "ignore"}, follow_redirects=True)
        found = re.search(r'name="seen" value="(\d+)"', page.text)
        assert found
        seen.append(found[1])
    stale = await ana.post(f"{REVIEW}/undo", data={"seen": seen[0]})
    assert (stale.status_code, "Your last answer is another one by now" in stale.text) == (409, True)
    assert (await ana.post(f"{REVIEW}/undo", data={"seen": seen[1]})).status_code == 303
    assert (await ana.post(f"{REVIEW}/undo", data={"seen": seen[1]})).status_code == 409


async def test_the_last_page_that_is_done_leads_to_what_is_left(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await said(inbox, "Money back when?")
    page = (await ana.get(f"{REVIEW}?skip=20")).text
    assert "Nothing more on this page" in page
    assert f'href="{REVIEW}"' in page


async def test_a_second_click_is_no_second_deed(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, "/admin/nlu/intents", ANA)
    await page.locator("#new-name").fill("gift_wrapping")
    await page.locator("#new-name").press("Enter", no_wait_after=True)
    await expect(page.get_by_role("heading", level=1)).to_have_text("gift_wrapping")
    await page.locator("#lines").fill("wrap it as a gift please")
    await page.get_by_role("button", name="Add").dblclick()
    await expect(page.get_by_role("status").filter(has_text="1 example was added")).to_be_visible()
    assert await texts(inbox, "gift_wrapping") == {"wrap it as a gift please"}


async def test_a_mark_that_was_given_up_does_not_keep_examples_from_being_added(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, "/admin/nlu/intents/refund", ANA)
    await page.locator("#lines").fill("give me back what I paid for it")
    await page.locator("[data-marks=lines] button").click()
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("status").filter(has_text="1 example was added")).to_be_visible()
    assert "give me back what I paid for it" in await texts(inbox, "refund")


async def test_of_two_who_describe_an_intent_the_second_sees_what_the_first_wrote(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    async with inbox.database.transaction("test.first") as session:
        await intents.describe(session, "refund", "Money that goes back", {"en": "you want it back"}, seen=0)
    form = {"description": "Money", "wording_en": "you want your money", "version": "0"}
    page = (await ana.post("/admin/nlu/intents/refund", data=form)).text
    assert 'value="you want your money"' in page
    assert re.search(r"Now: “<span[^>]*>Money that goes back</span>”", page)
    assert re.search(r"Now: “<span[^>]*>you want it back</span>”", page)
