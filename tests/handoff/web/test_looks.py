"""What an open page asks by itself: it is told what changed, at once, and nothing that it has already."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup

from handoff import agents, cases, threads
from handoff.database import Database
from handoff.live import Live
from handoff.settings import Settings
from handoff.web.app import create_app
from handoff.web.commons import LASTS, LATELY, Commons
from handoff.web.rows import Board
from handoff.web.where import Place
from tests.cast import ANA, BEN, JOSE, MARA, NOOR
from tests.handoff.time_of_targets import ask_of_ourselves
from tests.handoff.web.conftest import ORIGIN, Inbox
from tests.handoff.web.story import Story, handed_off, in_public, says

LIVE = {"Knock-Live": "1"}


def stamps(page: httpx.Response) -> dict[str, str]:
    """What a page says that it has."""
    found = re.findall(r'id="(rows|log)"[^>]* data-told="([^"]+)"', page.text)
    names = {"rows": "have", "log": "have_thread"}
    return {names[part]: stamp for part, stamp in found}


def moment(page: httpx.Response) -> int:
    """The moment after which a page was made."""
    found = re.search(r'data-moment="(\d+)"', page.text)
    return int(found[1]) if found else pytest.fail("a page of the inbox says when it was made")


def told(page: httpx.Response) -> dict[str, bool]:
    """The rows and messages of an answer: whether each came in words, and not as its name alone."""
    order = re.search(r'data-order="([^"]*)"', page.text)
    rows = {name: f'<li id="{name}"' in page.text for name in re.findall(r"row-\d+", order[1])} if order else {}
    messages = re.findall(r'<li id="(m-[\w-]+)"( data-same)?', page.text)
    return rows | {name: not same for name, same in messages}


async def look(visitor: httpx.AsyncClient, thread_id: int, page: httpx.Response, since: int = 0) -> httpx.Response:
    """What the page of a thread asks when it hears that it changed."""
    asked: dict[str, str | int] = {"thread": thread_id, "since": since, **stamps(page)}
    return await visitor.get(f"/inbox/{thread_id}/look", params=asked, headers=LIVE)


async def test_of_a_list_only_what_changed_is_told(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    await ask_of_ourselves(inbox.database, None)
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await ben.get("/inbox?sort=oldest")
    again = await ben.get("/list", params={"sort": "oldest", **stamps(page)}, headers=LIVE)
    assert (again.status_code, again.content) == (204, b""), "nothing changed"
    await ana.post(f"/inbox/{noor}/claim")
    changed = await ben.get("/list", params={"sort": "oldest", **stamps(page)}, headers=LIVE)
    assert told(changed) == {f"row-{mara}": False, f"row-{noor}": True}
    assert "Ana" in changed.text
    assert str(MARA.name) not in changed.text
    assert '"waiting": 1' in changed.text
    jose = await handed_off(inbox.database, Story(author=JOSE))
    more = await ben.get("/list", params={"sort": "oldest", **stamps(changed)}, headers=LIVE)
    assert told(more) == {f"row-{mara}": False, f"row-{noor}": False, f"row-{jose}": True}
    whole = await ben.get("/list", params={"sort": "oldest", "have": "unknown"}, headers=LIVE)
    assert all(told(whole).values()), "a process that knows nothing of the page tells it everything"


async def test_of_a_thread_only_what_changed_is_told(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    await ben.post(
        f"/inbox/{thread_id}/reply", data={"client_id": "reply-by-ben", "seen_seq": "99", "text": "One moment"}
    )
    page = await ben.get(f"/inbox/{thread_id}")
    assert (await look(ben, thread_id, page)).status_code == 204
    await says(inbox.database, thread_id, "Hello again")
    changed = await look(ben, thread_id, page)
    in_words = [name for name, is_told in told(changed).items() if is_told and name.startswith("m-")]
    assert len(in_words) == 1
    assert "Hello again" in changed.text
    assert "One moment" not in changed.text
    assert "NW-20418. I was billed" not in changed.text
    async with inbox.database.transaction("test.sent") as session:
        thread = await threads.whole(session, thread_id)
        assert thread is not None
        reply = next(message for message in thread.messages if message.text == "One moment")
        reply.delivery, reply.due_at = "sent", None
        threads.touch(session, thread)
    sent = await look(ben, thread_id, changed)
    assert [name for name, is_told in told(sent).items() if is_told and name.startswith("m-")] == ["m-reply-by-ben"]
    assert "Hello again" not in sent.text


async def test_what_is_one_agents_own_is_not_anothers(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.get(f"/inbox/{thread_id}")
    await ben.post(f"/inbox/{thread_id}/claim")
    since = moment(await ben.get("/inbox"))
    seen = {who: (await who.get("/list", params={"since": since}, headers=LIVE)).text for who in (ben, ana)}
    assert "You" in seen[ben]
    assert "Ben" in seen[ana]
    await says(inbox.database, thread_id, "Hello?")
    since = moment(await ana.get("/inbox"))
    marked = {
        who: "unread" in (await who.get("/list", params={"since": since}, headers=LIVE)).text for who in (ben, ana)
    }
    assert marked == {ben: True, ana: False}
    assert '"mine": 1' in seen[ben]
    assert '"mine": 0' in seen[ana]


async def test_whoever_has_read_a_thread_is_not_told_again_that_it_is_unread(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    before = moment(await ben.get("/inbox"))
    assert "unread" in (await ben.get("/list", params={"since": before}, headers=LIVE)).text
    await ben.get(f"/inbox/{mara}")
    page = await ben.get(f"/inbox/{noor}")
    again = await ben.get("/list", params={"thread": noor, "since": moment(page)}, headers=LIVE)
    assert "unread" not in again.text, "though a list of before is kept"


async def heard(database: Database) -> int:
    """The moment that comes with a hint: every process hears the same."""
    live = Live(database)
    async with live.subscribed() as hints:
        running = asyncio.create_task(live.run())
        await hints.get()
        await database.hint([0])
        while not live.moment:
            await hints.get()
    running.cancel()
    return live.moment


async def test_a_list_is_never_older_than_the_hint_that_it_is_asked_for_by(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Also where the page asks another process than the one that told it, which has not heard of the change yet."""
    thread_id = await handed_off(inbox.database)
    settings = Settings(home=tmp_path, secret="a secret for tests", _env_file=None)
    other = create_app(settings, inbox.database, Live(inbox.database), "Northwind")
    cookies = await inbox.cookie(BEN)
    elsewhere = httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url=ORIGIN, cookies=cookies)
    since = moment(await elsewhere.get("/inbox"))
    for number in range(5):
        kept = await elsewhere.get("/list", params={"since": since}, headers=LIVE)
        assert ("Unclaimed" in kept.text) == (number % 2 == 0)
        await ana.post(f"/inbox/{thread_id}/{'release' if number % 2 else 'claim'}")
        since = await heard(inbox.database)


async def test_a_list_that_is_good_enough_is_made_once_for_all_until_it_is_too_old(inbox: Inbox) -> None:
    await handed_off(inbox.database)
    ana, ben = await inbox.hire(ANA), await inbox.hire(BEN)
    now = 0.0
    commons = Commons(inbox.database, lambda: now)
    first, _ = await commons.seen(ben, Place())
    made = {(await commons.seen(who, Place(), first.moment))[0].moment for who in (ben, ana, ben)}
    assert made == {first.moment}
    now = LASTS + 0.1
    later, _ = await commons.seen(ana, Place(), first.moment)
    assert later.moment > first.moment


def test_a_board_that_is_still_so_keeps_its_rows_and_lets_go_what_was_drawn_from_numbers() -> None:
    board = Board(1, Place(), (), False, (), ())
    for number in range(100):
        board = board.still(number)
        board.once(number, lambda: Markup("numbers"))
        board.once("tail", lambda: Markup("rows"))
    assert board.moment == 99
    assert set(board._drawn) == {"tail", 99}


async def test_s4_a_browser_that_was_signed_out_is_told_nothing_after_two_seconds(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}")
    async with inbox.database.transaction("test.sign out") as session:
        await agents.sign_out_everywhere(session, inbox.people["Ben"].id)
    await asyncio.sleep(LATELY + 0.1)
    for path in ("/list", f"/inbox/{thread_id}/look"):
        refused = await ben.get(path, params={"since": moment(page), **stamps(page)}, headers=LIVE)
        assert (refused.status_code, refused.headers["location"][:6]) == (303, "/login")


async def test_a_thread_that_was_never_handed_off_is_not_looked_at(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await in_public(inbox.database)
    assert (await ben.get(f"/inbox/{thread_id}/look", headers=LIVE)).status_code == 404


async def test_a_look_at_a_thread_is_a_reading_of_it(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.get(f"/inbox/{thread_id}/look", headers={"Knock-Live": "hidden"})
    assert "unread" in (await ben.get("/inbox")).text, "nobody has looked: the page lies behind others"
    await ben.get(f"/inbox/{thread_id}/look", headers=LIVE)
    assert "unread" not in (await ben.get("/inbox")).text


async def test_a_note_is_told_to_the_team_that_looks(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}")
    async with inbox.database.transaction("test.note") as session:
        await cases.note(session, thread_id, inbox.people["Ana"], "Ask billing", client_id="note-by-ana")
    assert "Ask billing" in (await look(ben, thread_id, page)).text
