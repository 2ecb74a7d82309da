"""The square as a channel of the bot."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.channel import Deleted, Edited, NeverDeliverable, Post, PrivateLine, PublicOffer, Unknown, Unreadable, WayIn
from bot.channels.square import Square
from handoff import members, square
from handoff.database import Database
from handoff.members import Member
from handoff.models import Update
from handoff.square import SquarePost

ORIGIN = "https://help.northwind.example"


@pytest.fixture
def channel(database: Database) -> Square:
    return Square(database, ORIGIN, "Northwind")


async def said(database: Database, text: str, answers: SquarePost | None = None) -> tuple[Member, SquarePost]:
    async with database.transaction("test") as session:
        mara = await members.known(session, "m") or await members.join(session, "Mara", "m")
        return mara, await square.post(session, mara, text, key=text, answers=answers)


def offer(post: SquarePost, token: str = "t1") -> PublicOffer:
    return PublicOffer(str(post.id), str(post.topic), "Sorry to read this.", "Need help? Click here", token)


async def test_what_members_do_is_heard_as_events(database: Database, channel: Square) -> None:
    mara, post = await said(database, "My kettle leaks")
    _, answer = await said(database, "It still does", post)
    async with database.transaction("test") as session:
        await square.edit(session, post.id, mara, "My Breeze leaks")
    async with database.transaction("test") as session:
        await square.delete(session, answer.id, mara)
    async with database.reading() as session:
        payloads = [update.payload or {} for update in await session.scalars(select(Update).order_by(Update.id))]
    first, second, edited, deleted = [channel.read(payload)[0] for payload in payloads]
    assert isinstance(first, Post)
    assert (first.id, first.author.id, first.author.name, first.text) == (str(post.id), "1", "Mara", "My kettle leaks")
    assert (first.place, first.in_reply_to, first.url) == (str(post.id), None, f"{ORIGIN}/square/t/1#p1")
    assert first.at == post.at
    assert isinstance(second, Post)
    assert (second.place, second.in_reply_to) == (str(post.id), str(post.id))
    assert isinstance(edited, Edited)
    assert (edited.id, edited.text) == (str(post.id), "My Breeze leaks")
    assert isinstance(deleted, Deleted)
    assert deleted.id == str(answer.id)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = st.sampled_from(["kind", "id", "topic", "answers", "member", "text", "at"])


@given(st.dictionaries(KEYS, JSON | st.sampled_from(["post", "1", "2026-11-22T00:00:00+00:00"])))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_payload_that_nobody_of_us_wrote_is_unreadable_and_no_more(
    channel: Square, payload: dict[str, Any]
) -> None:
    with pytest.raises(Unreadable):
        channel.read(payload)


async def test_an_offer_is_a_post_in_the_topic_and_is_said_once(database: Database, channel: Square) -> None:
    _, post = await said(database, "My kettle leaks")
    assert await channel.find_offer("t1") is None
    first, *others = await asyncio.gather(*(channel.offer(offer(post)) for _ in range(4)))
    assert set(others) == {first}
    assert await channel.find_offer("t1") == first
    async with database.reading() as session:
        _, posts, _ = await square.topic(session, post.id)
    assert [(one.text, one.link) for one in posts[1:]] == [("Sorry to read this.", f"{ORIGIN}/h/t1")]
    assert posts[1].answers_id == post.id
    assert posts[1].member.is_bot


async def test_what_the_bot_says_comes_back_as_the_words_of_a_bot(database: Database, channel: Square) -> None:
    _, post = await said(database, "My kettle leaks")
    await channel.offer(offer(post))
    async with database.reading() as session:
        newest = (await session.scalars(select(Update).order_by(Update.id.desc()))).first()
        event = channel.read((newest and newest.payload) or {})[0]
    assert isinstance(event, Post)
    assert event.author.is_bot


async def test_no_offer_is_made_where_the_post_is_gone(database: Database, channel: Square) -> None:
    mara, post = await said(database, "My kettle leaks")
    async with database.transaction("test") as session:
        await square.delete(session, post.id, mara)
    with pytest.raises(NeverDeliverable):
        await channel.offer(offer(post))
    assert await channel.find_offer("t1") is None


async def test_a_record_that_is_away_leaves_the_offer_in_doubt(database: Database) -> None:
    _, post = await said(database, "My kettle leaks")
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    channel = Square(away, ORIGIN, "Northwind")
    with pytest.raises(Unknown):
        await channel.offer(offer(post))
    with pytest.raises(Unknown):
        await channel.find_offer("t1")
    with pytest.raises(Unknown):
        await channel.public_thread(str(post.id), None)
    await away.close()


async def test_the_public_thread_is_the_topic_without_what_was_removed(database: Database, channel: Square) -> None:
    mara, post = await said(database, "My kettle leaks")
    _, second = await said(database, "Rubbish", post)
    await said(database, "It still leaks", post)
    async with database.transaction("test") as session:
        await square.remove(session, second.id, "Ana")
    thread = await channel.public_thread(str(second.id), str(post.id))
    assert [one.text for one in thread] == ["My kettle leaks", "It still leaks"]
    assert thread[0].author.id == str(mara.id)


async def test_the_private_place_is_our_own_page(channel: Square) -> None:
    assert channel.link("t1") == f"{ORIGIN}/h/t1"
    assert channel.way_in("token") == WayIn()
    assert await channel.send(PrivateLine("message-7", "1", "Hello")) == "message-7"
