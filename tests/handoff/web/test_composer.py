"""Writing in a real browser: undo, saved replies at the caret, colleagues in notes, keys, and the command menu."""

import re

from playwright.async_api import Page, expect

from handoff import saved_replies
from handoff.mentions import Mention
from tests.browser import Browse, axe
from tests.cast import ANA, JOSE, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said, write
from tests.handoff.web.story import Story, handed_off, says
from tests.handoff.web.test_composing import all_of, team_reply
from tests.handoff.web.test_writing import case

REFUND = "Hello {{customer}}, your refund is on its way. It takes {{days}} days. {{agent}}, {{brand}}"


async def test_what_was_sent_too_quickly_comes_back(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await write(page, "Too quick")
    text = page.get_by_label("Your text")
    await expect(text).to_have_value("")
    await text.fill("begun meanwhile")
    await page.get_by_role("button", name="Undo").click()
    await expect(text).to_have_value("Too quick\nbegun meanwhile")
    await expect(text).to_be_focused()
    await expect(page.locator("#team")).to_contain_text("Taken back before it was sent")
    assert not [message for message in await said(inbox, "Too quick") if message.delivery == "pending"]
    await page.reload()
    await expect(text).to_have_value("Too quick\nbegun meanwhile")


async def test_i12_a_slash_puts_a_saved_reply_at_the_caret(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    await team_reply(inbox, "refund", REFUND)
    await team_reply(inbox, "address", "Where shall it go?")
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    text = page.get_by_label("Your text")
    await text.fill("Before  after")
    await text.evaluate("field => field.setSelectionRange(7, 7)")
    await text.press_sequentially("/")
    options = page.locator("#choices [role=option]")
    await expect(options).to_have_count(2)
    await axe(page)
    await text.press_sequentially("refu")
    await expect(options).to_have_count(1)
    await expect(options).to_contain_text("Hello Mara, your refund is on its way.")
    await text.press("Enter")
    filled = "Hello Mara, your refund is on its way. It takes {{days}} days. Ben, Northwind"
    await expect(text).to_have_value(f"Before {filled} after")
    await expect(options).to_have_count(0)
    await text.press("Control+Enter")
    await expect(page.locator("#problem")).to_contain_text("There is still a {{days}} in your text.")
    assert not await said(inbox, f"Before {filled} after")
    await page.keyboard.type("5")
    await text.press("Control+Enter")
    await expect(page.locator("#team li.agent")).to_contain_text("It takes 5 days.")


async def test_the_list_of_saved_replies_is_used_with_the_keyboard_alone(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    for key in ("a-first", "b-second"):
        await team_reply(inbox, key, f"Words of {key}")
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    text = page.get_by_label("Your text")
    await text.press_sequentially("/")
    await expect(page.locator("#choices [role=option]")).to_have_count(2)
    await text.press("Escape")
    await expect(page.locator("#choices [role=option]")).to_have_count(0)
    await expect(text).to_be_focused()
    await text.fill("")
    await text.press_sequentially("/")
    await expect(page.locator("#choices [role=option]")).to_have_count(2)
    await text.press("ArrowDown")
    await text.press("Tab")
    await expect(text).to_have_value("Words of b-second")
    await text.fill("either")
    await text.press_sequentially("/or")
    await expect(page.locator("#choices [role=option]")).to_have_count(0)  # a slash within a word is a slash


async def test_i11_a_note_looks_different_names_colleagues_and_goes_back_to_reply(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await inbox.hire(ANA)
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    text = page.get_by_label("Your text")
    await text.press_sequentially("@")
    await expect(page.locator("#choices [role=option]")).to_have_count(0)  # a reply names nobody
    await text.fill("")
    await page.get_by_label("Internal note").check()
    await expect(page.locator("#composer")).to_have_css("border-top-style", "dashed")
    await expect(page.get_by_text("Only your team sees this")).to_be_visible()
    await text.press_sequentially("@an")
    await expect(page.locator("#choices [role=option]")).to_have_text("Ana")
    await text.press("Enter")
    await expect(text).to_have_value("@Ana ")
    await text.press_sequentially("look please")
    await text.press("Control+Enter")
    await expect(page.locator("#team li.note")).to_contain_text("@Ana look please")
    await expect(page.locator("#team li.note")).to_contain_text("Note, team only")
    await expect(page.get_by_label("Reply", exact=True)).to_be_checked()
    await expect(page.locator("#composer")).to_have_css("border-top-style", "solid")
    assert len(await all_of(inbox, Mention)) == 1


async def test_i20_every_key_is_in_the_help_and_none_works_in_a_field_or_when_switched_off(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    shown = set(await dialog.locator("tr").evaluate_all("rows => rows.map(row => row.querySelector('th').innerText)"))
    used = await page.locator("[data-shortcut]").evaluate_all("all => all.map(one => one.dataset.key)")
    assert {key.replace("  ", " ") for key in used} <= {" ".join(key.split()) for key in shown}
    assert len(shown) >= 20
    await axe(page)
    await dialog.get_by_role("button", name="Done").click()
    await page.get_by_label("Your text").press_sequentially("eeee i b")
    await page.keyboard.press("Escape")
    assert (await case(inbox)).closed_at is None
    for key in ("Control+e", "Alt+e", "Meta+i"):
        await page.keyboard.press(key)
    await page.keyboard.press("?")
    async with page.expect_response("**/me/keys"):
        await dialog.get_by_label("Single keys are on").uncheck()
    await dialog.get_by_role("button", name="Done").click()
    for key in ("j", "i", "e", "b", "?"):
        await page.keyboard.press(key)
    await expect(dialog).to_be_hidden()
    elsewhere = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await elsewhere.keyboard.press("e")
    await expect(elsewhere.locator("#single-keys")).not_to_be_checked()
    assert ((await case(inbox)).closed_at, (await case(inbox)).claimed_by) == (None, None)


async def menu(page: Page, words: str) -> None:
    """Open the command menu and look for something."""
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog", name="Command menu")).to_be_visible()
    await page.keyboard.type(words)


async def test_i21_the_command_menu_does_goes_and_searches(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await menu(page, "ass")
    await axe(page)
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-head")).to_contain_text("Yours")
    await menu(page, "crash")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(rf"/inbox/{noor}"))
    await menu(page, "note")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Internal note")).to_be_checked()
    await expect(page.get_by_label("Your text")).to_be_focused()
    await menu(page, "zzz no such thing")
    await expect(page.get_by_role("option")).to_have_text(["Search for “zzz no such thing”"])
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Command menu")).to_be_hidden()


async def test_a_case_is_given_and_given_back_with_single_keys(inbox: Inbox, url: str, browse: Browse) -> None:
    await inbox.hire(ANA)
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await page.keyboard.press("a")
    await expect(page.get_by_label("Give the case to")).to_be_focused()
    await axe(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Give the case to")).to_be_hidden()
    await page.keyboard.press("]")
    await page.keyboard.press("Shift+E")
    await expect(page.locator("#thread-head")).to_contain_text("Closed")
    assert (await case(inbox)).closed_at is not None


async def test_b_gives_the_thread_back_to_the_bot(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, f"/inbox/{await handed_off(inbox.database)}")
    await page.keyboard.press("b")
    await expect(page.locator("#team")).to_contain_text("Ben gave the thread back to the bot")


async def test_the_pages_of_saved_replies_can_be_used_by_everybody(inbox: Inbox, url: str, browse: Browse) -> None:
    await team_reply(inbox, "refund", REFUND)
    page = await desk(inbox, url, browse, "/admin/replies", ANA)
    await axe(page)
    await page.get_by_label("Key").first.fill("hello")
    await page.get_by_label("Title").first.fill("A greeting")
    await page.get_by_label("Text").first.fill("Hello {{customer}}")
    await page.get_by_role("button", name="Save").first.click()
    await expect(page.get_by_role("heading", name="A greeting")).to_be_visible()
    await page.get_by_role("button", name="Delete A greeting").click()
    await expect(page.get_by_role("heading", name="A greeting")).to_be_hidden()
    assert len(await all_of(inbox, saved_replies.SavedReply)) == 1


async def test_i24_what_is_unread_is_counted_in_the_title_and_told_as_each_agent_wishes(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    mara = await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, f"/inbox/{mara}")
    await page.get_by_role("link", name=str(NOOR.name)).click()
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await expect(page).to_have_title(re.compile("^Crash"))
    await page.evaluate("""() => {
        window.told = [];
        window.Notification = class { static permission = "granted"; constructor(title) { window.told.push(title); } };
    }""")
    await says(inbox.database, mara, "Hello?")
    await expect(page).to_have_title(re.compile(r"^\(1\) Crash"))
    await expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("icon-dot"))
    assert await page.evaluate("() => window.told") == [], "it is not Ben's case"
    await page.get_by_role("button", name="Notices").click()
    await axe(page)
    async with page.expect_response("**/me/notices"):
        await page.get_by_label("every case").check()
    await page.get_by_role("button", name="Try it").click()
    await page.get_by_role("button", name="Done").click()
    jose = await handed_off(inbox.database, Story(author=JOSE, summary="Lost"))
    await expect(page).to_have_title(re.compile(r"^\(2\) Crash"))
    await says(inbox.database, jose, "More")
    assert await page.evaluate("() => window.told") == ["This is a notice", JOSE.name]
    await page.reload()
    await page.get_by_role("button", name="Notices").click()
    await expect(page.get_by_label("every case")).to_be_checked()


async def test_letters_typed_into_an_opened_menu_are_no_keys(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.locator("#tags > summary").click()
    await expect(page.get_by_label("Tag", exact=True)).to_be_focused()
    await page.keyboard.type("be")
    await expect(page.get_by_label("Tag", exact=True)).to_have_value("be")
    await page.keyboard.press("Escape")
    await expect(page.locator("#tags")).not_to_have_attribute("open", "")
    await page.locator("#snooze > summary").click()
    await expect(page.get_by_role("button", name="In 3 hours")).to_be_focused()
    await page.keyboard.press("e")
    await page.keyboard.press("Escape")
    await expect(page.locator("#snooze > summary")).to_be_focused()
    assert not (await case(inbox)).closed_at
    await page.keyboard.press("n")
    await expect(page.get_by_label("Internal note")).to_be_checked()
