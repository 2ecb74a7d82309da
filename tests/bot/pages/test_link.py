"""The page behind a link: it gives nothing away, and looking changes nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from bot.pages.pace import LIMITS
from handoff.models import Message, OptIn, Promise
from tests.bot.pages.world import COMPLAINT, World, chatting, offered, post, words

PREVIEWS = ["Twitterbot/1.0", "TelegramBot (like TwitterBot)", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1"]


async def everything(world: World) -> list[str]:
    """Every row of every table."""
    async with world.database.reading() as session:
        tables = await session.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        rows = []
        for table in sorted(tables):
            rows += [f"{table} {row}" for row in (await session.execute(text(f"SELECT * FROM {table}"))).all()]
    return sorted(rows)


async def test_k2_looking_at_the_link_changes_nothing(world: World) -> None:
    mara, link = await offered(world)
    visitors = [mara, world.visitor(), await world.member("Noor")]
    await world.work()
    before = await everything(world)
    for visitor in visitors:
        for path in (link, link.replace("/h/", "/stop/")):
            for _ in range(2):
                assert (await visitor.get(path)).status_code == 200
                assert (await visitor.head(path)).status_code == 200
            for preview in PREVIEWS:
                await visitor.get(path, headers={"User-Agent": preview})
    assert await everything(world) == before


async def test_a_stranger_sees_the_same_page_whatever_the_thread_holds(world: World) -> None:
    mara, link = await offered(world)
    stranger, other = world.visitor(), await world.member("Noor")
    before = [(await visitor.get(link)).content for visitor in (stranger, other)]
    await mara.post(link)
    await world.work()
    await mara.post(f"{link}/say", data={"text": "My number is 4711"})
    await world.agent_replies("Hello Mara")
    await world.work()
    after = [(await visitor.get(link)).content for visitor in (stranger, other)]
    assert before == after
    assert before[0] == before[1]
    for secret in (COMPLAINT[:20], "Mara", "4711"):
        assert secret.encode() not in after[0]


async def test_a_stranger_opts_nobody_in_and_the_attempt_is_written_down(world: World) -> None:
    _, link = await offered(world)
    for visitor in (world.visitor(), await world.member("Noor")):
        answer = await visitor.post(link)
        assert answer.status_code == 403
        assert "Only the person whose post was answered" in words(answer.text)
    async with world.database.reading() as session:
        assert not (await session.scalars(select(OptIn))).all()
        events = await session.scalars(select(Message.text).where(Message.kind == "event"))
        assert list(events) == ["Somebody who is not the author opened the link"], "once a day"


async def test_a_stranger_can_neither_write_nor_listen(world: World) -> None:
    _, link = await chatting(world)
    for visitor in (world.visitor(), await world.member("Noor")):
        assert (await visitor.post(f"{link}/say", data={"text": "Let me in"})).status_code == 403
        assert (await visitor.get(f"{link}/live")).status_code == 404
    async with world.database.reading() as session:
        assert not (await session.scalars(select(Message).where(Message.text == "Let me in"))).all()


@pytest.mark.parametrize("token", ["x", "A" * 22, "%00", "A" * 3000, "<script>"])
async def test_a_link_that_never_was_leads_nowhere(world: World, token: str) -> None:
    visitor = world.visitor()
    for answer in (await visitor.get(f"/h/{token}"), await visitor.post(f"/h/{token}")):
        assert answer.status_code == 404
        assert "<script>" not in answer.text
        assert not answer.headers.get("set-cookie")


async def test_k5_an_expired_link_says_the_same_as_one_that_never_was(world: World) -> None:
    mara, link = await offered(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE offers SET created_at = created_at - interval '8 days'"))
    expired, unknown = await mara.get(link), await mara.get("/h/nothing")
    assert (expired.status_code, unknown.status_code) == (410, 404)
    assert expired.content == unknown.content
    assert (await world.visitor().get(link)).content == expired.content
    assert (await mara.post(link)).status_code == 410


@contextmanager
def questions() -> Iterator[list[str]]:
    """What the record is asked meanwhile."""
    asked: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


async def test_k5_an_expired_link_takes_the_same_work_as_one_that_never_was(world: World) -> None:
    _, link = await offered(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE offers SET created_at = created_at - interval '8 days'"))
    stranger = world.visitor()
    for path in (link, "/h/nothing"):
        await stranger.get(path)
    with questions() as expired:
        assert (await stranger.get(link)).status_code == 410
    with questions() as unknown:
        assert (await stranger.get(f"/h/{'A' * 22}")).status_code == 404
    assert expired == unknown
    assert len(expired) == 1


async def test_an_expired_link_still_opens_the_chat_that_it_led_to(world: World) -> None:
    mara, link = await chatting(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE offers SET created_at = created_at - interval '8 days'"))
    assert COMPLAINT in words((await mara.get(link)).text)


async def test_k3_the_yes_is_kept_with_its_time_and_its_words(world: World) -> None:
    mara, link = await offered(world)
    landing = await mara.get(link)
    await mara.post(link)
    async with world.database.reading() as session:
        opt_in = (await session.scalars(select(OptIn))).one()
    assert opt_in.wording in words(landing.text)
    assert opt_in.wording_version
    assert opt_in.at
    assert opt_in.proof == "signed in to the square"


async def test_pressing_the_button_twice_opts_in_once(world: World) -> None:
    mara, link = await offered(world)
    for _ in range(2):
        assert (await mara.post(link)).url.path == link
    await world.work()
    assert words((await mara.get(link)).text).count("takes it from here") == 1


async def test_k4_no_thanks_stops_all_contact_and_says_so(world: World) -> None:
    mara, link = await offered(world)
    landing = await mara.get(link)
    stop = re.search(r'action="(/stop/[^"]+)"', landing.text)
    assert stop
    answer = await mara.post(stop[1])
    assert "You said STOP" in words(answer.text)
    assert "You said STOP" in words((await mara.get(link)).text)
    assert (await mara.post(link)).status_code == 409
    await post(mara, f"And again: {COMPLAINT}")
    await world.work()
    assert "/h/" not in (await mara.get("/square/t/3")).text
    async with world.database.reading() as session:
        assert (await session.scalars(select(Promise))).one().stopped_at


async def test_whoever_holds_the_link_may_stop_us_and_see_nothing(world: World) -> None:
    mara, link = await offered(world)
    answer = await world.visitor().post(link.replace("/h/", "/stop/"))
    assert "You said STOP" in words(answer.text)
    assert COMPLAINT not in answer.text
    assert "You said STOP" in words((await mara.get(link)).text)


async def test_a_chat_is_ended_by_its_author_alone(world: World) -> None:
    mara, link = await chatting(world)
    stop = link.replace("/h/", "/stop/")
    refused = await world.visitor().post(stop)
    assert (refused.status_code, COMPLAINT in refused.text) == (403, False)
    assert 'id="say"' in (await mara.get(link)).text
    await mara.post(stop)
    await world.work()
    chat = await mara.get(link)
    assert "This chat has ended." in words(chat.text)
    assert "You will not hear from us again." in words(chat.text)
    assert 'id="say"' not in chat.text


async def test_who_said_stop_can_come_back_by_themselves(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(link.replace("/h/", "/stop/"))
    assert (await world.visitor().post(f"{link}/again")).status_code == 403
    assert 'id="say"' not in (await mara.get(link)).text
    await mara.post(f"{link}/again")
    await world.work()
    chat = await mara.get(link)
    assert 'id="say"' in chat.text
    assert "automated assistant" in words(chat.text)


async def test_a_stop_with_an_unknown_link_says_that_nothing_was_stopped(world: World) -> None:
    assert (await world.visitor().post("/stop/nothing")).status_code == 404


async def test_k11_who_looks_too_often_is_asked_to_wait(world: World) -> None:
    visitor = world.visitor("10.0.0.7")
    limit = int(LIMITS["link"].split("/")[0])
    for _ in range(limit):
        assert (await visitor.get("/h/nothing")).status_code == 404
    answer = await visitor.get("/h/nothing")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert re.search(r"Please wait \d+ seconds", words(answer.text))
    assert (await world.visitor("10.0.0.8").get("/h/nothing")).status_code == 404


async def test_a_post_that_its_author_deletes_is_marked_so_in_the_chat(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post("/square/p/1/delete")
    await world.work()
    chat = words((await mara.get(link)).text)
    assert "You deleted this post." in chat
    assert COMPLAINT not in chat


async def test_an_author_finds_the_chat_again_from_anywhere_on_the_square(world: World) -> None:
    mara, link = await offered(world)
    noor = await world.member("Noor")
    await post(noor, "Something else")
    for path in ("/square", "/square/t/3"):
        assert f'{link}"' in (await mara.get(path)).text
        assert "/h/" not in (await noor.get(path)).text


async def test_a_second_link_of_somebody_who_is_already_helped_leads_to_the_chat(world: World) -> None:
    mara, link = await chatting(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE promises SET offered_at = NULL"))
        await session.execute(text("UPDATE threads SET ended_at = now(), ended_why = 'closed', due_at = NULL"))
        await session.execute(text("UPDATE cases SET closed_at = now()"))
    await post(mara, f"Once more: {COMPLAINT}")
    await world.work()
    page = await mara.get("/square/t/3")
    second = re.search(r'href="[^"]*(/h/[\w-]+)"', page.text)
    assert second
    assert "Chat here now" in (await mara.get(second[1])).text
    await mara.post(f"{link}/say", data={"text": "I am back in the first chat"})
    await mara.post(second[1])
    for way in (link, second[1]):
        assert "Your message" in words((await mara.get(way)).text)
