"""The square as its members and moderators use it, on the record."""

import asyncio

import pytest
from sqlalchemy import select

from handoff import members, square
from handoff.database import Database
from handoff.members import Member
from handoff.models import Update
from handoff.square import PAGE, SquarePost
from handoff.square_errors import (
    NoSuchPost,
    NothingWritten,
    NotYours,
    PickAnotherName,
    PostTooLong,
    Silenced,
    SquareError,
)


async def joined(database: Database, name: str) -> Member:
    async with database.transaction("test") as session:
        return await members.join(session, name, f"cookie of {name}", ["Northwind"])


async def posted(database: Database, member: Member, text: str, answers: SquarePost | None = None) -> SquarePost:
    async with database.transaction("test") as session:
        return await square.post(session, member, text, key=f"{member.id}:{text}", answers=answers)


async def updates(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as session:
        found = await session.scalars(select(Update).order_by(Update.id))
        return [(update.external_id.split(":")[0], (update.payload or {})["text"]) for update in found]


async def test_a_member_is_known_by_the_cookie_alone(database: Database) -> None:
    mara = await joined(database, "Mara")
    async with database.reading() as session:
        found = await members.known(session, "cookie of Mara")
        assert found is not None
        assert found.id == mara.id
        for token in (None, "", "Mara", mara.token_hash):
            assert await members.known(session, token) is None


async def test_two_who_want_the_same_name_at_once_do_not_both_get_it(database: Database) -> None:
    names = ["Mara", "mara", "MARA", "Маrа"]
    outcomes = await asyncio.gather(*(joined(database, name) for name in names), return_exceptions=True)
    assert sum(isinstance(outcome, Member) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PickAnotherName) for outcome in outcomes) == 3


async def test_the_bot_has_a_name_that_no_member_can_take(database: Database) -> None:
    with pytest.raises(PickAnotherName):
        await joined(database, "Northwind")
    async with database.transaction("test") as session:
        bot = await members.bot_member(session, "Northwind")
        assert bot.is_bot
        assert (await members.bot_member(session, "Northwind")).id == bot.id


async def test_a_post_and_what_the_bot_hears_of_it_are_written_together(database: Database) -> None:
    mara = await joined(database, "Mara")
    await posted(database, mara, "My kettle leaks")
    assert await updates(database) == [("post", "My kettle leaks")]
    async with database.reading() as session:
        await square.post(session, mara, "Never committed", key="never")
    assert await updates(database) == [("post", "My kettle leaks")]
    async with database.reading() as session:
        assert (await square.topics(session))[0][0].post.text == "My kettle leaks"


async def test_the_same_key_says_it_once(database: Database) -> None:
    mara = await joined(database, "Mara")
    first, second = [await posted(database, mara, "Once") for _ in range(2)]
    assert first.id == second.id
    assert len(await updates(database)) == 1


async def test_an_author_edits_and_deletes_and_the_bot_hears_of_both(database: Database) -> None:
    mara = await joined(database, "Mara")
    post = await posted(database, mara, "My kettel leaks")
    async with database.transaction("test") as session:
        await square.edit(session, post.id, mara, "My kettle leaks")
    async with database.transaction("test") as session:
        await square.delete(session, post.id, mara)
    assert await updates(database) == [("post", "My kettel leaks"), ("edited", "My kettle leaks"), ("deleted", "")]
    async with database.reading() as session:
        first, posts, _ = await square.topic(session, post.id)
        assert (first.text, first.removed_by, len(posts)) == ("", "author", 1)
        with pytest.raises(NoSuchPost):
            await square.get(session, post.id)


async def test_nobody_edits_or_deletes_what_another_wrote(database: Database) -> None:
    mara, noor = await joined(database, "Mara"), await joined(database, "Noor")
    post = await posted(database, mara, "Mine")
    async with database.reading() as session:
        with pytest.raises(NotYours):
            await square.edit(session, post.id, noor, "Not yours")
        with pytest.raises(NotYours):
            await square.delete(session, post.id, noor)


@pytest.mark.parametrize(
    ("text", "error"),
    [("", NothingWritten), (" \n ", NothingWritten), ("\x00 ", NothingWritten), ("x" * 4001, PostTooLong)],
)
async def test_what_cannot_be_posted_is_refused(database: Database, text: str, error: type[SquareError]) -> None:
    mara = await joined(database, "Mara")
    with pytest.raises(error):
        await posted(database, mara, text)


async def test_an_answer_brings_its_topic_to_the_top(database: Database) -> None:
    mara = await joined(database, "Mara")
    older, newer = await posted(database, mara, "Older"), await posted(database, mara, "Newer")
    async with database.reading() as session:
        assert [topic.post.id for topic in (await square.topics(session))[0]] == [newer.id, older.id]
    await posted(database, mara, "An answer", older)
    async with database.reading() as session:
        found, _ = await square.topics(session)
        assert [(topic.post.id, topic.replies) for topic in found] == [(older.id, 1), (newer.id, 0)]


async def test_an_answer_belongs_to_the_topic_of_what_it_answers(database: Database) -> None:
    mara = await joined(database, "Mara")
    one, other = await posted(database, mara, "One"), await posted(database, mara, "Other")
    async with database.reading() as session:
        with pytest.raises(NoSuchPost):
            await square.answer(session, mara, "Lost", one.id, other.id, key="lost")


async def test_topics_and_posts_come_in_pages(database: Database) -> None:
    mara = await joined(database, "Mara")
    topic = await posted(database, mara, "First")
    last = topic
    for number in range(PAGE):
        last = await posted(database, mara, f"Answer {number}", topic)
        await posted(database, mara, f"Topic {number}")
    async with database.reading() as session:
        _, first_page, more = await square.topic(session, topic.id)
        _, second_page, no_more = await square.topic(session, topic.id, 2)
        assert (len(first_page), more) == (PAGE, True)
        assert ([post.id for post in second_page], no_more) == ([last.id], False)
        assert (await square.page_of(session, topic), await square.page_of(session, last)) == (1, 2)
        assert (len((await square.topics(session))[0]), len((await square.topics(session, 2))[0])) == (PAGE, 1)


async def test_a_moderator_sees_what_was_reported_and_keeps_or_removes_it(database: Database) -> None:
    mara = await joined(database, "Mara")
    fine, rude = await posted(database, mara, "Fine"), await posted(database, mara, "Rude")
    async with database.transaction("test") as session:
        for post in (fine, rude, rude):
            await square.report(session, post.id)
        assert [post.text for post in await square.reported(session)] == ["Rude", "Fine"]
    async with database.transaction("test") as session:
        await square.keep(session, fine.id)
        await square.remove(session, rude.id, "Ana")
        assert not await square.reported(session)
    assert (await updates(database))[-1] == ("deleted", "")
    async with database.reading() as session:
        assert [topic.post.text for topic in (await square.topics(session))[0]] == ["Fine"]


async def test_a_silenced_member_reads_and_does_not_post(database: Database) -> None:
    mara = await joined(database, "Mara")
    async with database.transaction("test") as session:
        await members.silence(session, mara.id)
    async with database.reading() as session:
        silenced = await members.known(session, "cookie of Mara")
        assert silenced is not None
        with pytest.raises(Silenced):
            await square.post(session, silenced, "Still here", key="k")


def test_the_title_is_the_first_line_and_not_too_long() -> None:
    assert SquarePost(text="My kettle\nleaks").title == "My kettle"
    assert SquarePost(text="word " * 40).title.endswith("word…")
    assert len(SquarePost(text="word " * 40).title) < 92
    assert SquarePost(text="x" * 200).title == "x" * 90 + "…"
