"""Two agents at one thread, in real browsers: they see one another, and neither gets in the other's way."""

import re

from playwright.async_api import Page, expect

from handoff import cases
from tests.browser import Browse
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said, write
from tests.handoff.web.story import handed_off, says


async def both(inbox: Inbox, url: str, browse: Browse) -> tuple[Page, Page, int]:
    """Ana and Ben at Mara's thread."""
    thread_id = await handed_off(inbox.database)
    ana = await desk(inbox, url, browse, f"/inbox/{thread_id}", ANA)
    ben = await desk(inbox, url, browse, f"/inbox/{thread_id}", BEN)
    return ana, ben, thread_id


async def test_i7_each_sees_the_other_look_and_write_and_go(inbox: Inbox, url: str, browse: Browse) -> None:
    ana, ben, _ = await both(inbox, url, browse)
    present = ben.locator("#present")
    await expect(present).to_have_text("Ana is looking")
    await expect(ben.locator("#rows .present")).to_contain_text("Ana is looking")
    await ana.get_by_label("Your text").press_sequentially("H")
    await expect(present).to_have_text("Ana is writing a reply")
    await expect(present).to_have_text("Ana is looking")
    await ana.get_by_label("Internal note").check()
    await ana.get_by_label("Your text").press_sequentially("H")
    await expect(present).to_have_text("Ana is writing a note")
    await ana.close(run_before_unload=False)
    await expect(present).to_be_empty()
    await expect(ben.locator("#rows .present")).to_have_count(0)


async def test_i7_a_tab_that_nobody_looks_at_is_not_present(inbox: Inbox, url: str, browse: Browse) -> None:
    ana, ben, _ = await both(inbox, url, browse)
    await expect(ben.locator("#present")).to_have_text("Ana is looking")
    await ana.evaluate("""() => {
        Object.defineProperty(document, "hidden", {value: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    await expect(ben.locator("#present")).to_be_empty()


async def test_i8_a_reply_beside_a_colleagues_is_asked_for_and_kept(inbox: Inbox, url: str, browse: Browse) -> None:
    ana, ben, _ = await both(inbox, url, browse)
    await ben.get_by_label("Your text").fill("From Ben")
    await ben.route("**/live?*", lambda route: route.abort())
    await ben.evaluate("() => Object.defineProperty(document, 'hidden', {value: true})")  # Ben looks elsewhere
    await write(ana, "From Ana")
    await expect(ana.locator("#team li.agent")).to_contain_text("Ana")
    await ana.get_by_role("button", name="Release").click()
    await expect(ana.locator("#thread-head")).to_contain_text("Waiting")
    await expect(ben.locator("#obstacle")).to_be_empty()
    await ben.get_by_label("Your text").press("Control+Enter")
    await expect(ben.locator("#problem")).to_contain_text("Somebody replied after the last message you saw")
    await expect(ben.locator("#team")).to_contain_text("From Ana")
    await expect(ben.get_by_label("Your text")).to_have_value("From Ben")
    await ben.get_by_role("button", name="Send mine as well").click()
    await expect(ben.locator("#team li.agent").last).to_contain_text(re.compile("Ben.*From Ben", re.DOTALL))
    assert len(await said(inbox, "From Ben")) == 1


async def test_i9_a_draft_survives_updates_assignment_a_reload_and_another_browser(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    ana, ben, thread_id = await both(inbox, url, browse)
    text = ben.get_by_label("Your text")
    await text.fill("A half-typed answer")
    await text.press("ArrowLeft")
    for number in range(15):
        await says(inbox.database, thread_id, f"Hello? {number}")
    await ana.get_by_role("button", name="Claim", exact=True).locator("visible=true").click()
    await expect(ben.locator("#obstacle")).to_contain_text("Ana has claimed this case")
    assert await text.evaluate("field => [field.value, field.selectionStart]") == ["A half-typed answer", 18]
    await text.press("Control+Enter")
    await expect(ben.locator("#problem")).to_contain_text("Ana has claimed this case")
    await ana.get_by_role("button", name="Release").click()
    await ben.wait_for_timeout(1300)
    elsewhere = await desk(inbox, url, browse, f"/inbox/{thread_id}", BEN)
    await expect(elsewhere.get_by_label("Your text")).to_have_value("A half-typed answer")
    await elsewhere.get_by_label("Your text").fill("A whole answer")
    await elsewhere.wait_for_timeout(1300)
    await ben.reload()
    await expect(text).to_have_value("A whole answer")
    await expect(ana.get_by_label("Your text")).to_have_value("")
    await text.press("Control+Enter")
    await expect(ben.locator("#team li.agent")).to_contain_text("Undo")
    await elsewhere.reload()
    await expect(elsewhere.get_by_label("Your text")).to_have_value("")


async def test_i6_one_client_id_is_one_message_whoever_sends_it_again(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.get_by_label("Your text").fill("Once")
    await page.get_by_role("button", name="Send reply").dblclick()
    await expect(page.locator("#team li.agent")).to_contain_text("Ben")
    [message] = await said(inbox, "Once")
    async with inbox.database.transaction("test.again") as session:
        again = {"client_id": str(message.client_id), "seen_seq": 99}
        assert await cases.reply(session, thread_id, inbox.people["Ben"], "Once", **again) is None  # type: ignore[arg-type]
    assert len(await said(inbox, "Once")) == 1
