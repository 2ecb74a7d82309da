"""The list of cases and the page of a thread, as they come from the server."""

import re
from html import unescape

import httpx
import pytest
from sqlalchemy import func, update

from handoff import cases, people, receipts, threads
from handoff.models import Case, Message, Promise
from tests.cast import AIKO, JOSE, NOOR, TROLL, YUKI
from tests.handoff.time_of_targets import ask_of_ourselves
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off, in_public, says

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><b hx-get="/admin" hx-trigger="load">x</b>',
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "</textarea></li></ol><h1>gone</h1>",
)


def names(page: httpx.Response) -> list[str]:
    return re.findall(r'class="name" dir="auto">([^<]*)<', page.text)


async def test_the_thread_is_shown_in_three_parts_in_one_order(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}")
    log = page.text[page.text.index('id="log"') :]
    order = [
        "Public posts",
        "charged twice for one order",
        "Need help? Click here",
        "Chat with the bot",
        "Agreed to a private chat",
        "What is the order number",
        "billed two times",
        "talk to a person",
        "With our team",
        "Handed off: asked for a person",
        "All 7 entries are attached",
    ]
    places = [log.index(text) for text in order]
    assert places == sorted(places)


async def test_the_details_say_what_the_customer_agreed_to(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    assert "Do not look it up" in (await ben.get(f"/inbox/{thread_id}")).text
    async with inbox.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        await receipts.turn(session, thread, "link", True, "Look me up", "7")
        await receipts.turn(session, thread, "keep", True, "Keep it", "7")
        await receipts.turn(session, thread, "keep", False, "Keep it", "7")
        thread.solved = False
    page = (await ben.get(f"/inbox/{thread_id}")).text
    for words in ("You may look it up", "taken back", "No, they say"):
        assert words in page


async def test_a_thread_that_was_deleted_says_so_to_agents(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test") as session:
        await cases.end(session, await threads.locked(session, thread_id), threads.ERASED)
    assert "The customer had everything about them deleted" in unescape((await ben.get(f"/inbox/{thread_id}")).text)
    data = {"client_id": "client-id-9", "text": "But"}
    refused = await ben.post(f"/inbox/{thread_id}/note", data=data)
    assert refused.status_code == 409


async def test_the_details_say_why_and_on_what_ground(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = (await ben.get(f"/inbox/{thread_id}")).text
    details = page[page.index('id="details"') :]
    for words in ("asked for a person", "charged wrongly", "93 %", "Order number", "NW-20418", "@mara_k"):
        assert words in details
    for words in ("Yes, chat with Northwind in private", "version 3", "their Telegram account", "English"):
        assert words in details


async def test_what_its_author_deleted_leaves_a_place_and_is_counted(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database, Story(posts=("first post", "second post")))
    async with inbox.database.transaction("test.deleted") as session:
        gone = update(Message).where(Message.text == "first post")
        await session.execute(gone.values(text="", deleted_at=func.clock_timestamp()))
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "All 8 entries are attached, 1 of them deleted by its author" in page
    assert "Deleted by its author" in page
    assert "first post" not in page


async def test_a_reply_that_was_taken_back_was_deleted_by_nobody(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.taken back") as session:
        last = update(Message).where(Message.text == "Can I talk to a person please")
        await session.execute(last.values(text="", deleted_at=func.clock_timestamp(), trouble=cases.TAKEN_BACK))
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "All 7 entries are attached, 1 of them taken back before it went out" in page
    assert "1 of them deleted" not in page


async def test_who_only_reads_sees_nothing_that_does_nothing(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id, yuki = await handed_off(inbox.database), await inbox.visitor(YUKI)
    signs = ('class="pick"', ">Mine", 'href="/replies"', 'commandfor="notices"', " data-answers")
    reads, answers = (await yuki.get(f"/inbox/{thread_id}")).text, (await ben.get(f"/inbox/{thread_id}")).text
    assert [sign in reads for sign in signs] == [False] * 5
    assert [sign in answers for sign in signs] == [True] * 5, "and who answers has them all"


async def test_a_thread_with_a_hole_says_so(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.hole") as session:
        (await threads.locked(session, thread_id)).last_seq += 1
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "Only 7 of 8 entries are attached" in page
    assert 'class="attached broken"' in page


@pytest.mark.parametrize("text", NASTY)
async def test_s2_whatever_somebody_writes_stays_text(inbox: Inbox, ben: httpx.AsyncClient, text: str) -> None:
    story = Story(
        author=TROLL, posts=(text,), lines=(text,), summary=text, reason=text, intent=text, found={text: text}
    )
    thread_id = await handed_off(inbox.database, story)
    await ben.post(f"/inbox/{thread_id}/note", data={"client_id": "client-id-1", "text": text})
    for page in (await ben.get(f"/inbox/{thread_id}"), await ben.get("/inbox", params={"q": text})):
        assert page.status_code == 200
        for tag in ("<script>alert", "<img src=x", "<b hx-get", "<h1>gone", ">49 "):
            assert tag not in page.text
        assert text in unescape(page.text)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://evil.example"])
async def test_only_addresses_of_the_web_become_links(inbox: Inbox, ben: httpx.AsyncClient, url: str) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.url") as session:
        await session.execute(update(Message).values(url=url))
    assert url not in (await ben.get(f"/inbox/{thread_id}")).text


async def test_a_draft_of_the_bot_and_a_withheld_line_are_not_taken_for_sent(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.too late") as session:
        thread = await threads.locked(session, thread_id)
        for text, delivery in [("Too late", "draft"), ("Held back", "withheld"), ("On its way", "pending")]:
            message = await threads.append(session, thread, "chat", "bot", text, delivery="pending")
            assert message
            message.delivery = delivery  # type: ignore[assignment]
    page = (await ben.get(f"/inbox/{thread_id}")).text
    for words in ("Draft of the bot: it did not go out", "Withheld: it did not go out", "Sending…"):
        assert words in page


async def test_the_tabs_show_whose_cases_they_are(inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient) -> None:
    mara, noor, jose, aiko = [
        await handed_off(inbox.database, Story(author=who)) for who in (Story().author, NOOR, JOSE, AIKO)
    ]
    await ben.post(f"/inbox/{noor}/claim")
    await ana.post(f"/inbox/{jose}/claim")
    await ana.post(f"/inbox/{aiko}/close")
    assert names(await ben.get("/inbox?view=mine")) == [NOOR.name]
    assert names(await ben.get("/inbox?view=waiting")) == ["Mara"]
    assert sorted(names(await ben.get("/inbox"))) == sorted(["Mara", str(NOOR.name), str(JOSE.name)])
    assert names(await ben.get("/inbox?view=closed")) == [AIKO.name]
    assert re.findall(r"<b data-count=\"\w+\">(\d+)</b></a>", (await ben.get(f"/inbox/{mara}")).text) == ["1", "1", "3"]


async def test_who_has_waited_longest_for_a_word_comes_first(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR))
    assert names(await ben.get("/inbox")) == ["Mara", NOOR.name]
    reply = {"client_id": "client-id-1", "seen_seq": "99", "text": "I am looking into it."}
    await ben.post(f"/inbox/{mara}/reply", data=reply)
    page = await ben.get("/inbox")
    assert names(page) == [NOOR.name, "Mara"], "Mara has an answer, Noor has none"
    assert "answered" in page.text
    await says(inbox.database, mara, "Thank you")
    page = await ben.get("/inbox")
    assert names(page) == [NOOR.name, "Mara"]
    assert "answered" not in page.text


@pytest.mark.parametrize(("minutes", "words"), [(0, "just now"), (20, "waits 20 min"), (130, "waits 2 h")])
async def test_waiting_is_said_in_words(inbox: Inbox, ben: httpx.AsyncClient, minutes: int, words: str) -> None:
    await ask_of_ourselves(inbox.database, None)
    await handed_off(inbox.database)
    async with inbox.database.transaction("test.earlier") as session:
        earlier = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, minutes)
        await session.execute(update(Case).values(opened_at=earlier, waiting_since=earlier))
        await session.execute(update(Message).values(written_at=earlier))
    assert words in (await ben.get("/inbox")).text


async def test_a_stranger_is_not_in_the_list(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await in_public(inbox.database)
    page = await ben.get("/inbox?view=open&q=charged")
    assert names(page) == []
    assert "mara" not in page.text.lower()


@pytest.mark.parametrize("search", ["mara_k", "MARA", "charged twice", "billed two times", "NW-204"])
async def test_the_search_finds_names_handles_and_everything_said(
    inbox: Inbox, ben: httpx.AsyncClient, search: str
) -> None:
    await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, summary="No idea", lines=("Hm",), posts=("Oh",)))
    assert names(await ben.get("/inbox", params={"q": search})) == ["Mara"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "nobody says this"])
async def test_a_search_is_words_and_not_a_pattern(inbox: Inbox, ben: httpx.AsyncClient, search: str) -> None:
    await handed_off(inbox.database, Story(author=JOSE, posts=("plain",), lines=("plain",), summary="plain"))
    page = await ben.get("/inbox", params={"q": search})
    assert names(page) == []
    assert "Nothing matches" in page.text


async def test_the_list_says_when_there_is_nothing_to_do(ben: httpx.AsyncClient) -> None:
    assert "All clear. New handoffs show up here at once." in (await ben.get("/inbox")).text
    assert "You have no case" in (await ben.get("/inbox?view=mine")).text


async def test_earlier_cases_of_a_thread_stay_to_be_seen(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/close")
    async with inbox.database.transaction("test.again") as session:
        thread = await threads.locked(session, thread_id)
        await threads.append(session, thread, "chat", "customer", "It happened again")
        await cases.hand_off(session, thread, "wrote again after the case was closed", "Charged again")
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "Ben closed the case" in page
    assert "Earlier cases" in page
    assert page.index("Ben closed the case") < page.index("It happened again")
    assert names(await ben.get("/inbox?view=closed")) == [], "the thread is open again"


async def test_after_a_stop_the_page_says_that_nothing_can_be_sent(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.stop") as session:
        await session.execute(update(Promise).values(stopped_at=func.clock_timestamp()))
        assert not await people.may_talk(session, await threads.locked(session, thread_id))
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "The customer said STOP: nothing more can be sent." in page
    assert "Said STOP after it" in page


async def test_a_missing_page_says_so(ben: httpx.AsyncClient) -> None:
    answer = await ben.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
