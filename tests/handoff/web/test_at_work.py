"""An agent at work in a real browser."""

import asyncio
import re

from playwright.async_api import Route, expect
from sqlalchemy import select, update

from handoff import cases, threads
from handoff.models import Case, Message
from tests.browser import Browse
from tests.cast import ANA, BEN, JOSE, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said, write
from tests.handoff.web.story import Story, handed_off, says


async def deliver(inbox: Inbox, text: str, **outcome: object) -> None:
    """What the bot does with a reply that waits to be sent."""
    async with inbox.database.transaction("test.deliver") as session:
        message = (await session.scalars(select(Message).where(Message.text == text))).one()
        await session.execute(update(Message).where(Message.id == message.id).values(due_at=None, **outcome))
        threads.touch(session, await threads.locked(session, message.thread_id))


async def test_from_signing_in_to_closing(inbox: Inbox, url: str, browse: Browse) -> None:
    await inbox.hire(BEN)
    thread_id = await handed_off(inbox.database)
    page = await (await browse()).new_page()
    await page.goto(url)
    await page.get_by_label("Email address").fill(BEN.email)
    await page.get_by_label("Password").fill(BEN.password)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Charged twice for one order").click()
    await expect(page).to_have_url(re.compile(rf"/inbox/{thread_id}\?view=open$"))
    await page.get_by_role("button", name="Claim").click()
    await expect(page.locator("#thread-head")).to_contain_text("Yours")
    await write(page, "I have started your refund.")
    bubble = page.locator("#team li.agent")
    await expect(bubble).to_contain_text(re.compile("Ben.*Sending…", re.DOTALL))
    await deliver(inbox, "I have started your refund.", delivery="sent")
    await expect(bubble).to_contain_text("Sent · Telegram")
    await page.get_by_label("Internal note").check()
    await expect(page.locator(".modes .to-team")).to_be_visible()
    await expect(page.get_by_role("button", name="Send reply")).to_be_hidden()
    await write(page, "Double capture, ref 88213")
    await expect(page.locator("#team li.note")).to_contain_text("Note, team only")
    await expect(page.get_by_label("Reply")).to_be_checked()
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.locator("#list")).to_contain_text("All clear")
    assert [(note.kind, note.delivery) for note in await said(inbox, "Double capture, ref 88213")] == [("note", None)]


async def test_a_line_of_the_customer_appears_and_the_draft_stays(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    text = page.get_by_label("Your text")
    await text.fill("A half-typed answer")
    await text.press("ArrowLeft")
    await text.press("ArrowLeft")
    for number in range(15):
        await says(inbox.database, thread_id, f"Are you there? {number} <img src=x onerror=alert(1)>")
    await expect(page.locator("#team")).to_contain_text("Are you there? 14 <img")
    await expect(text).to_be_focused()
    assert await text.evaluate("field => [field.value, field.selectionStart]") == ["A half-typed answer", 17]
    async with inbox.database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, inbox.people.get("Ana") or await inbox.hire(ANA))
    await expect(page.locator("#obstacle")).to_contain_text("Ana has claimed this case")
    await expect(page.get_by_role("button", name="Send reply")).to_be_hidden()
    await page.reload()
    await page.get_by_label("Reply").check()
    await expect(text).to_have_value("A half-typed answer")


async def test_each_thread_and_each_kind_of_text_has_a_draft_of_its_own(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = await handed_off(inbox.database), await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, f"/inbox/{mara}")
    text = page.get_by_label("Your text")
    await text.fill("To Mara")
    await page.get_by_label("Internal note").check()
    await expect(text).to_have_value("")
    await text.fill("About Mara")
    await page.locator("#rows").get_by_role("link", name="Crash").click()
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await expect(text).to_have_value("")
    await expect(page.get_by_label("Reply")).to_be_checked()
    await page.go_back()
    await expect(text).to_have_value("To Mara")
    await page.get_by_label("Internal note").check()
    await expect(text).to_have_value("About Mara")


async def test_a_second_reply_is_asked_for_and_can_go_out_as_well(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    ana = await inbox.hire(ANA)
    await page.evaluate("() => Object.defineProperty(document, 'hidden', {value: true})")  # Ben looks elsewhere
    async with inbox.database.transaction("test.reply") as session:
        await cases.reply(session, thread_id, ana, "From Ana", client_id="from-ana-1", seen_seq=99)
        await cases.release(session, thread_id, ana)
    await expect(page.locator("#team")).to_contain_text("From Ana")
    await write(page, "From Ben")
    await expect(page.locator("#problem")).to_contain_text("Somebody replied after the last message you saw")
    await expect(page.get_by_label("Your text")).to_have_value("From Ben")
    await expect(page.locator("#team")).not_to_contain_text("From Ben")
    await page.get_by_role("button", name="Send mine as well").click()
    await expect(page.locator("#team li.agent").last).to_contain_text(re.compile("Ben.*From Ben", re.DOTALL))
    await expect(page.locator("#problem")).to_be_empty()
    assert len(await said(inbox, "From Ben")) == 1


async def test_a_double_click_sends_once(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.get_by_label("Your text").fill("Once")
    await page.get_by_role("button", name="Send reply").dblclick()
    await expect(page.locator("#team li.agent")).to_have_count(1)
    await expect(page.locator("#team li.agent")).to_contain_text("Ben")
    assert len(await said(inbox, "Once")) == 1


async def test_i4_the_bubble_is_there_before_the_server_answers(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    seen = asyncio.Event()

    async def once_seen(route: Route) -> None:
        await asyncio.wait_for(seen.wait(), 20)
        await route.continue_()

    await page.route("**/reply*", once_seen)
    await write(page, "Quick")
    await expect(page.locator("#team li.agent[data-waiting]")).to_contain_text("Quick")
    seen.set()
    await expect(page.locator("#team li.agent")).to_contain_text("Ben")


async def test_i15_reading_back_is_not_disturbed(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database, Story(lines=tuple(f"Line {number}" for number in range(40))))
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    log = page.locator("#log")
    assert await log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 2, "opens at the end"
    await log.evaluate("log => log.scrollTop = 200")
    await says(inbox.database, thread_id, "The newest line")
    await page.get_by_role("button", name="New messages below").click()
    await expect(page.get_by_text("The newest line")).to_be_in_viewport()
    await says(inbox.database, thread_id, "One more")
    await expect(page.get_by_text("One more")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="New messages below")).to_be_hidden()
    await log.evaluate("log => log.scrollTop = 200")
    await says(inbox.database, thread_id, "And another")
    news = page.get_by_role("button", name="New messages below")
    await expect(news).to_be_visible()
    inside = "button => button.getBoundingClientRect().bottom <= log.getBoundingClientRect().bottom"
    assert await news.evaluate(inside), "it does not cover what is being written"
    await log.evaluate("log => log.scrollTop = log.scrollHeight")
    await expect(news).to_be_hidden()


async def test_i16_the_list_keeps_its_order_while_somebody_is_in_it(inbox: Inbox, url: str, browse: Browse) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR))
    page = await desk(inbox, url, browse, "/inbox")
    rows = page.locator("#rows .name")
    await expect(rows).to_have_text(["Mara", str(NOOR.name)])
    await page.locator("#rows .row").first.hover()
    await handed_off(inbox.database, Story(author=JOSE))
    async with inbox.database.transaction("test.close") as session:
        await cases.close(session, mara, await inbox.hire(ANA))
    pill = page.get_by_role("button", name="2 changes")
    await expect(pill).to_be_visible()
    await expect(rows).to_have_text(["Mara", str(NOOR.name)])
    await pill.click()
    await expect(rows).to_have_text([str(NOOR.name), str(JOSE.name)])


async def test_everything_can_be_done_with_single_keys(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR, summary="Crash"))
    page = await desk(inbox, url, browse, "/inbox")
    for key in ("j", "j", "Enter"):
        await page.keyboard.press(key)
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await page.keyboard.press("i")
    await expect(page.locator("#thread-head")).to_contain_text("Yours")
    await page.keyboard.press("n")
    await page.keyboard.type("Looks like jack, reject, e?")
    await expect(page.locator("#composer")).to_have_css("border-top-style", "dashed")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#team li.note")).to_contain_text("Looks like jack, reject, e?")
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await expect(page.get_by_label("Your text")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Charged twice for one order")
    await page.go_back()
    await expect(page).to_have_url(re.compile(f"/inbox/{noor}"))


async def test_single_keys_can_be_switched_off_and_the_help_names_them_all(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    for key in ("J", "K", "R", "N", "I", "E", "D", "?", "Ctrl+Enter", "Esc"):
        await expect(dialog.get_by_text(key, exact=True).first).to_be_visible()
    await dialog.get_by_label("Single keys are on").uncheck()
    await dialog.get_by_role("button", name="Done").click()
    for key in ("i", "e", "?"):
        await page.keyboard.press(key)
    await expect(dialog).to_be_hidden()
    await page.reload()
    await page.keyboard.press("i")
    async with inbox.database.reading() as session:
        case = (await session.scalars(select(Case))).one()
    assert (case.claimed_by, case.closed_at) == (None, None)


async def test_a_new_line_of_the_customer_is_said_to_whoever_listens_to_the_page(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await says(inbox.database, thread_id, "Hello?")
    await expect(page.get_by_role("status").filter(has_text="New message from Mara")).to_be_attached()
