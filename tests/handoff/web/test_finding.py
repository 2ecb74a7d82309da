"""Finding things: views, tags, snoozes, a search, several cases at once, and what stands beside a thread; over HTTP."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import func, update

from handoff import bookmarks, cases, threads
from handoff.models import Case, Message
from handoff.web.marking import until_when
from tests.cast import JOSE, MARA, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off, in_public, says
from tests.handoff.web.test_reading import names


async def test_a_snoozed_case_is_out_of_sight_until_its_time(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.post(f"/inbox/{thread_id}/snooze", data={"until": "hours", "zone": "Europe/Madrid"})
    assert page.status_code == 303
    assert names(await ben.get("/inbox")) == names(await ben.get("/inbox?view=waiting")) == []
    assert names(await ben.get("/inbox?view=snoozed")) == ["Mara"]
    opened = (await ben.get(f"/inbox/{thread_id}?view=snoozed")).text
    assert "Ben snoozed the case until" in opened
    assert "CET" in opened or "CEST" in opened
    async with inbox.database.transaction("test.later") as session:
        await session.execute(update(Case).values(snoozed_until=func.now() - timedelta(seconds=1)))
    assert names(await ben.get("/inbox")) == ["Mara"]


async def test_the_numbers_of_channels_and_tags_are_those_of_the_list(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    asleep, awake = await handed_off(inbox.database), await handed_off(inbox.database, Story(author=NOOR))
    for thread_id in (asleep, awake):
        await ben.post(f"/inbox/{thread_id}/tag", data={"tag": "refund"})
    await ben.post(f"/inbox/{asleep}/snooze", data={"until": "hours", "zone": "Europe/Madrid"})
    for narrowed in ("channel=telegram", "tag=refund"):
        page = await ben.get(f"/inbox?{narrowed}")
        assert len(names(page)) == 1
        assert re.findall(r">(?:Telegram|refund) <span class=.n.>(\d+)<", page.text) == ["1", "1"]


async def test_what_is_not_solved_is_marked_and_unread_again(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.read") as session:
        await bookmarks.put(session, inbox.people["Ben"], thread_id, 99)
    assert "not solved" not in (await ben.get("/inbox")).text
    async with inbox.database.transaction("test.not solved") as session:
        thread = await threads.locked(session, thread_id)
        thread.last_seq, thread.solved = 99, False
        said = "The customer says that it is not solved"
        await threads.append(session, thread, "event", "customer", said)
    page = (await ben.get("/inbox")).text
    assert ('class="unread"' in page, "not solved</span>" in page) == (True, True)
    assert "not solved</span>" in (await ben.get(f"/inbox/{thread_id}")).text


async def test_a_snooze_is_ended_by_hand(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/snooze", data={"until": "tomorrow"})
    await ben.post(f"/inbox/{thread_id}/wake")
    assert names(await ben.get("/inbox")) == ["Mara"]


@pytest.mark.parametrize("moment", ["", "yesterday", "2001-01-01T09:00", "9999-12-31T23:59"])
async def test_a_moment_that_is_none_is_refused_in_words(inbox: Inbox, ben: httpx.AsyncClient, moment: str) -> None:
    thread_id = await handed_off(inbox.database)
    form = {"until": "moment", "moment": moment, "zone": "../../etc/passwd"}
    refused = await ben.post(f"/inbox/{thread_id}/snooze", data=form)
    assert refused.status_code == 409
    assert "Choose a moment that is still to come" in refused.text


@pytest.mark.parametrize(
    ("until", "moment", "end"),
    [
        ("hours", "", "2026-11-20 13:30"),
        ("tomorrow", "", "2026-11-21 09:00"),
        ("monday", "", "2026-11-23 09:00"),
        ("moment", "2026-12-24T18:00", "2026-12-24 18:00"),
    ],
)
def test_the_ends_of_snoozes_are_in_the_zone_of_the_agent(until: str, moment: str, end: str) -> None:
    madrid = ZoneInfo("Europe/Madrid")
    friday = datetime(2026, 11, 20, 10, 30, tzinfo=madrid).astimezone(UTC)
    found = until_when(until, "Europe/Madrid", moment, now=friday)
    assert found == datetime.fromisoformat(end).replace(tzinfo=madrid)


async def test_cases_are_found_by_tag_and_by_channel(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, channel="square"))
    await ben.post(f"/inbox/{mara}/tag", data={"tag": "Refund"})
    assert names(await ben.get("/inbox?tag=refund")) == ["Mara"]
    assert names(await ben.get("/inbox?channel=square")) == [NOOR.name]
    assert names(await ben.get("/inbox?view=all&q=refund")) == ["Mara"]
    nothing = await ben.get("/inbox?tag=nothing")
    assert "No case here has this tag" in nothing.text
    await ben.post(f"/inbox/{mara}/untag", data={"tag": "refund"})
    assert names(await ben.get("/inbox?tag=refund")) == []


async def test_urgent_cases_come_first(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await handed_off(inbox.database)
    noor = await handed_off(inbox.database, Story(author=NOOR))
    await ben.post(f"/inbox/{noor}/priority", data={"priority": "urgent"})
    assert names(await ben.get("/inbox")) == [NOOR.name, "Mara"]
    assert names(await ben.get("/inbox?sort=oldest")) == ["Mara", NOOR.name]
    assert names(await ben.get("/inbox?sort=newest")) == [NOOR.name, "Mara"]
    assert (await ben.post(f"/inbox/{noor}/priority", data={"priority": "whatever"})).status_code == 422


async def test_a_note_that_names_somebody_is_in_their_mentions(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    assert "Nobody has named you" in (await ben.get("/inbox?view=mentions")).text
    await ana.post(f"/inbox/{thread_id}/note", data={"client_id": "client-id-1", "text": "@Ben what do you think?"})
    assert names(await ben.get("/inbox?view=mentions")) == ["Mara"]
    assert names(await ana.get("/inbox?view=mentions")) == []


async def test_a_search_shows_where_it_was_found_and_finds_closed_cases(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/close")
    page = await ben.get("/inbox?view=all&q=BILLED two")
    assert names(page) == ["Mara"]
    assert "<mark>billed</mark> <mark>two</mark> times" in page.text
    assert names(await ben.get("/inbox?view=open&q=billed")) == []
    assert "Look in all cases" in (await ben.get("/inbox?view=open&q=billed")).text


async def test_what_was_deleted_or_is_a_strangers_is_not_found(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await handed_off(inbox.database, Story(lines=("my secret word is xylophone",)))
    await in_public(inbox.database, Story(author=JOSE, posts=("a xylophone of a stranger",)))
    assert names(await ben.get("/inbox?view=all&q=xylophone")) == ["Mara"]
    async with inbox.database.transaction("test.forget") as session:
        gone = update(Message).where(Message.text.contains("secret"))
        await session.execute(gone.values(text="", deleted_at=func.clock_timestamp()))
    assert names(await ben.get("/inbox?view=all&q=xylophone")) == []


@pytest.mark.parametrize("search", ["'", "\\", "'':* | a", "!", "a & b", "a\x00b", "((", "😡", "<->", "né" * 90])
async def test_no_search_is_taken_for_a_formula(inbox: Inbox, ben: httpx.AsyncClient, search: str) -> None:
    await handed_off(inbox.database)
    for view in ("all", "open", "mine"):
        assert (await ben.get("/inbox", params={"view": view, "q": search})).status_code == 200


async def test_one_thread_is_one_row_however_often_it_was_opened(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/close")
    async with inbox.database.transaction("test.again") as session:
        await cases.hand_off(session, await threads.locked(session, thread_id), "wrote again", "Charged again")
    for query in ("view=open", "view=all", "view=all&q=charged", "view=all&q=mara"):
        assert names(await ben.get(f"/inbox?{query}")) == ["Mara"], query


async def test_several_cases_are_claimed_tagged_snoozed_and_closed_at_once(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    both = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    form = {"thread": [str(one) for one in both]}
    done = await ben.post("/several?view=waiting", data=form | {"deed": "claim"})
    assert (done.status_code, done.headers["location"]) == (303, "/inbox?view=waiting")
    assert sorted(names(await ben.get("/inbox?view=mine"))) == sorted(["Mara", str(NOOR.name)])
    await ben.post("/several", data=form | {"deed": "tag", "tag": "outage"})
    assert len(names(await ben.get("/inbox?tag=outage"))) == 2
    await ben.post("/several", data=form | {"deed": "snooze", "until": "monday"})
    assert len(names(await ben.get("/inbox?view=snoozed"))) == 2
    await ben.post("/several", data=form | {"deed": "close"})
    assert len(names(await ben.get("/inbox?view=closed"))) == 2


async def test_with_which_of_several_it_could_not_be_done_is_said_by_name(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    stranger = await in_public(inbox.database, Story(author=JOSE))
    await ana.post(f"/inbox/{noor}/claim")
    form = {"deed": "claim", "thread": [str(mara), str(noor), str(stranger), "999"]}
    refused = await ben.post("/several", data=form)
    said = unescape(refused.text)
    assert refused.status_code == 409
    assert "Done with 1 of 4." in said
    assert f"{NOOR.name}: A colleague has claimed this case" in said
    assert f"Case {stranger}: There is no such case" in said
    assert str(JOSE.name) not in said
    assert names(await ben.get("/inbox?view=mine")) == ["Mara"]
    assert "Select a case first" in (await ben.post("/several", data={"deed": "close"})).text


async def test_what_came_since_one_looked_is_marked_until_one_looks(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    assert "unread" in (await ben.get("/inbox")).text
    await ben.get(f"/inbox/{thread_id}", headers={"Knock-Live": "hidden"})
    assert "unread" in (await ben.get("/inbox")).text, "nobody has looked: the page lies behind others"
    await ben.get(f"/inbox/{thread_id}")
    assert "unread" not in (await ben.get("/inbox")).text
    await says(inbox.database, thread_id, "Hello?")
    assert "unread" in (await ben.get("/inbox")).text


async def test_beside_a_thread_stand_earlier_ones_and_cases_about_the_same(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    first = await handed_off(inbox.database, Story(summary="The kettle leaks", intent="leak"))
    await ben.post(f"/inbox/{first}/close")
    async with inbox.database.transaction("test.solved") as session:
        (await threads.locked(session, first)).solved = False
    second = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, summary="Billed two times"))
    details = (await ben.get(f"/inbox/{second}")).text
    details = details[details.index('id="details"') :]
    assert "Earlier threads of this customer" in details
    assert f'href="/inbox/{first}?view=open"' in details
    assert "not solved, they say" in details
    assert "1 more open in 24 hours" in details
    assert "Billed two times" in details
    alone = (await ben.get(f"/inbox/{first}")).text
    assert "more open in 24 hours" not in alone


async def test_every_view_says_when_it_is_empty(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    sentences = {
        "mine": "You have no case",
        "waiting": "All clear. New handoffs show up here at once.",
        "mentions": "Nobody has named you",
        "snoozed": "No case is snoozed",
        "closed": "No case has been closed yet",
        "all": "No case was handed off yet",
    }
    for view, sentence in sentences.items():
        assert sentence in (await ben.get(f"/inbox?view={view}")).text
    assert (await ben.get("/inbox?view=nothing")).status_code == 422


async def test_more_rows_are_shown_on_demand(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    for who in (MARA, NOOR, JOSE):
        await handed_off(inbox.database, Story(author=who))
    page = await ben.get("/inbox?show=2")
    assert len(names(page)) == 2
    assert "show=52" in page.text
    assert len(names(await ben.get("/inbox?show=3"))) == 3


async def test_when_another_thread_changed_a_page_asks_for_its_list_alone(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    mara = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR))
    page = await ben.get(f"/list?view=waiting&thread={mara}", headers={"Knock-Live": "1"})
    assert sorted(names(page)) == ["Mara", str(NOOR.name)]
    assert 'aria-current="true"' in page.text
    assert 'id="thread"' not in page.text
    assert "NW-20418" not in page.text, "nothing of the thread, so this is no reading of it"


@pytest.mark.parametrize(
    ("search", "meant"), [("Maar", "Mara"), ("jozé", "José"), ("refnud", "refund"), ("MARA_L", "mara_k")]
)
async def test_a_search_with_a_wrong_letter_leads_to_what_was_meant(
    inbox: Inbox, ben: httpx.AsyncClient, search: str, meant: str
) -> None:
    thread_id = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=JOSE))
    await ben.post(f"/inbox/{thread_id}/tag", data={"tag": "refund"})
    page = await ben.get("/inbox", params={"view": "all", "q": search})
    assert names(page) == []
    assert "Did you mean" in page.text
    assert names(await ben.get("/inbox", params={"view": "all", "q": meant}))
    assert f">{meant}</a>" in page.text


async def test_nobody_is_proposed_whom_a_search_would_not_find(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await in_public(inbox.database)
    assert "Did you mean" not in (await ben.get("/inbox?view=all&q=Maar")).text
    assert "Did you mean" not in (await ben.get("/inbox?view=all&q=completely+else")).text
