"""Many with one problem: a lead tells them all at once; and what is no problem of anybody is closed as spam."""

import httpx
from playwright.async_api import expect
from sqlalchemy import select

from handoff import cases
from handoff.models import Case, Message
from tests.browser import Browse, axe
from tests.cast import AIKO, JOSE, LENA, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said
from tests.handoff.web.story import Story, handed_off


async def test_a_lead_tells_everybody_with_the_same_problem_once(inbox: Inbox, url: str, browse: Browse) -> None:
    mara = await handed_off(inbox.database)
    others = [await handed_off(inbox.database, Story(author=one)) for one in (NOOR, JOSE)]
    await handed_off(inbox.database, Story(author=AIKO, intent="refund"))
    page = await desk(inbox, url, browse, f"/inbox/{mara}", LENA)
    await page.get_by_text("Reply to all 2 of them").click()
    await axe(page)
    await page.get_by_label("The same words to each").fill("We found the fault: it is repaired tonight.")
    await page.get_by_role("button", name="Send to 2 customers").click()
    await expect(page.locator("#rows li", has_text="You")).to_have_count(2)
    told = await said(inbox, "We found the fault: it is repaired tonight.")
    assert sorted(one.thread_id for one in told) == sorted(others)


async def test_whoever_could_not_be_told_is_named_and_nobody_hears_it_twice(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    mara, noor, jose = [await handed_off(inbox.database, Story(author=one)) for one in (AIKO, NOOR, JOSE)]
    async with inbox.database.transaction("test.claim") as session:
        await cases.claim(session, noor, await inbox.hire(LENA))
    for _ in range(2):
        words = {"client_id": "to-all-of-you", "text": "It is repaired."}
        page = await ana.post(f"/inbox/{mara}/similar", data=words)
        assert page.status_code == 409
        assert "Sent to 1 of 2." in page.text
        assert "has claimed this case" in page.text
    async with inbox.database.reading() as session:
        told = await session.scalars(select(Message.thread_id).where(Message.text == "It is repaired."))
        assert list(told) == [jose]


async def test_an_agent_tells_only_whom_they_read(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR))
    assert "Reply to this one too" not in (await ben.get(f"/inbox/{mara}")).text
    answer = await ben.post(f"/inbox/{mara}/similar", data={"client_id": "to-all-of-you", "text": "Hello"})
    assert answer.status_code == 403


async def test_spam_is_closed_and_found_by_its_tag(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/spam")
    async with inbox.database.reading() as session:
        case = (await session.scalars(select(Case))).one()
    assert case.closed_at is not None
    assert case.tags == ["spam"]
    assert "Mara" in (await ben.get("/inbox?view=closed&tag=spam")).text
