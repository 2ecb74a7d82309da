"""The same person elsewhere: threads of all their accounts beside a thread, and another way for what did not arrive."""

from html import unescape

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import func, select, update

from bot.channel import Author
from handoff import cases, persons, threads
from handoff.base import Delivery
from handoff.models import Message, Promise, Thread
from tests.browser import Browse, axe
from tests.cast import BEN, LENA, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off

ON_X = Story(author=Author("77", "mk", "Mara K."), channel="x", summary="The lamp is dark")


async def merged(inbox: Inbox) -> tuple[int, int]:
    """Mara's open threads on Telegram and on X, merged by Lena; what Ben wrote in the first did not arrive."""
    first, second = await handed_off(inbox.database), await handed_off(inbox.database, ON_X)
    lena, ben = await inbox.hire(LENA), inbox.people.get("Ben") or await inbox.hire(BEN)
    async with inbox.database.transaction("test") as session:
        one, other = [(await session.get_one(Thread, number)).customer_id for number in (first, second)]
        await persons.merge(session, one, other, lena)
        await cases.reply(session, first, ben, "It is on its way", client_id="client-id-1", seen_seq=99)
        failed = update(Message).where(Message.client_id == "client-id-1")
        await session.execute(failed.values(delivery="failed", due_at=None, trouble="no such chat"))
    return first, second


async def message_of(inbox: Inbox) -> int:
    async with inbox.database.reading() as session:
        return (await session.scalars(select(Message.id).where(Message.client_id == "client-id-1"))).one()


async def count(inbox: Inbox, *which: object) -> int:
    async with inbox.database.reading() as session:
        return await session.scalar(select(func.count(Message.id)).where(*which)) or 0  # type: ignore[arg-type]


def details_of(page: httpx.Response) -> str:
    return unescape(page.text[page.text.index('id="details"') :])


async def test_threads_of_all_accounts_of_a_person_stand_beside_a_thread_each_with_its_channel(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    first, second = await merged(inbox)
    details = details_of(await ben.get(f"/inbox/{first}"))
    assert f'href="/inbox/{second}?view=open"' in details
    assert "The lamp is dark" in details
    assert "X, open since" in details
    assert 'href="/customers/1"' in details


async def test_what_did_not_arrive_is_put_into_the_draft_of_the_other_channel_and_nothing_is_sent(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    first, second = await merged(inbox)
    page = (await ben.get(f"/inbox/{first}")).text
    message_id = await message_of(inbox)
    assert f"/messages/{message_id}/elsewhere" in page
    assert "Reply by X" in page
    before = await count(inbox)
    went = await ben.post(f"/inbox/{first}/messages/{message_id}/elsewhere", data={"to": str(second)})
    assert (went.status_code, went.headers["location"]) == (303, f"/inbox/{second}?view=open#end")
    there = (await ben.get(f"/inbox/{second}")).text
    assert 'data-reply="It is on its way"' in there
    assert "to <bdi>Mara K.</bdi>" in there
    assert await count(inbox) == before
    assert await count(inbox, Message.delivery == "pending", Message.thread_id == second, Message.by == "agent") == 0


async def test_there_is_no_other_way_after_a_stop_of_either_account_or_to_somebody_else(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    first, second = await merged(inbox)
    third = await handed_off(inbox.database, Story(author=Author("9", None, "Somebody"), channel="square"))
    way = f"/inbox/{first}/messages/{await message_of(inbox)}/elsewhere"
    for nowhere in (third, first, 999, 0):
        refused = await ben.post(way, data={"to": str(nowhere)})
        assert refused.status_code == 409
        assert "That chat is not open any more, so your text stays here" in refused.text
    async with inbox.database.transaction("test") as session:
        await session.execute(update(Promise).values(stopped_at=func.clock_timestamp()))
    assert "Reply by X" not in (await ben.get(f"/inbox/{first}")).text
    assert (await ben.post(way, data={"to": str(second)})).status_code == 409
    assert (await ben.post(f"/inbox/{second}/messages/1/elsewhere", data={"to": str(first)})).status_code == 404


async def test_who_only_reads_sees_no_way_and_no_page_of_a_person(inbox: Inbox) -> None:
    first, _ = await merged(inbox)
    page = (await (await inbox.visitor(YUKI)).get(f"/inbox/{first}")).text
    assert "/elsewhere" not in page
    assert "/customers/" not in page


async def test_in_a_browser_the_text_stands_in_the_composer_of_the_other_channel(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    first, second = await merged(inbox)
    page = await desk(inbox, url, browse, f"/inbox/{first}")
    await axe(page)
    await page.get_by_role("button", name="Reply by X").click()
    await expect(page).to_have_url(f"{url}/inbox/{second}?view=open#end")
    await expect(page.get_by_label("Your text")).to_have_value("It is on its way")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("stopped", "Said STOP"),
        ("ended by the customer", "Ended by the customer"),
        (threads.ERASED, "Deleted at their wish"),
    ],
)
async def test_a_case_that_nobody_closed_says_what_happened_instead(
    inbox: Inbox, ben: httpx.AsyncClient, why: str, words: str
) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test") as session:
        await cases.end(session, await threads.locked(session, thread_id), why)
    for page in ("/inbox?view=closed", f"/inbox/{thread_id}?view=closed"):
        text = (await ben.get(page)).text
        assert words in text
        assert "Unclaimed" not in text


async def test_a_thread_that_was_deleted_names_nobody_even_when_they_come_back(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    gone = await handed_off(inbox.database)
    async with inbox.database.transaction("test") as session:
        await cases.end(session, await threads.locked(session, gone), threads.ERASED)
        await session.execute(update(Message).where(Message.kind != "event").values(text="", deleted_at=func.now()))
    back = await handed_off(inbox.database, Story(summary="Charged again"))
    page = (await ben.get(f"/inbox/{gone}?view=waiting")).text
    thread = unescape(page[page.index('id="thread"') :])
    for word in ("Mara", "mara_k", "look it up", "/customers/", "their Telegram account"):
        assert word not in thread
    assert "they had everything deleted" in thread
    assert f"/inbox/{gone}" not in details_of(await ben.get(f"/inbox/{back}?view=waiting"))
    found = (await ben.get("/inbox?view=all&q=mara")).text
    assert (f'id="row-{back}"' in found, f'id="row-{gone}"' in found) == (True, False)


async def test_what_the_customer_was_told_is_not_said_to_the_team(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        outcomes: list[tuple[str, Delivery]] = [("You are number 1", "sent"), ("You are number 2", "failed")]
        for text, delivery in outcomes:
            told = await threads.append(session, thread, "event", "bot", text, delivery="pending")
            assert told is not None
            told.delivery, told.due_at = delivery, None
    page = unescape((await ben.get(f"/inbox/{thread_id}")).text)
    for words in ("was told: “", "was not told: “"):
        assert words in page
