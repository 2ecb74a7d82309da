"""The whole thread is attached: public posts, offer, consent, triage, every message, in one order, and counted."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import gather
from bot.channel import Click, Deleted, Post, TryLater, Unknown
from handoff import threads
from tests.bot.test_forget import HOURS, trace_of
from tests.bot.town import COMPLAINT, Town, deletion, edit, line, mention, post
from tests.cast import JOSE, MARA, NOOR, ROBOT


async def posts(town: Town, thread_id: int) -> list[tuple[str, str]]:
    """Who said what in public, as it is attached."""
    return [(said.by, said.text) for said in (await town.thread(thread_id)).messages if said.kind == "post"]


async def test_the_whole_thread_is_attached(town: Town) -> None:
    thread = await town.thread(await town.handed_off(MARA))
    assert [message.seq for message in thread.messages] == list(range(1, thread.last_seq + 1))
    assert [(message.kind, message.by) for message in thread.messages] == [
        ("post", "customer"),
        ("offer", "bot"),
        ("event", "customer"),
        ("chat", "bot"),
        ("chat", "bot"),
        ("chat", "customer"),
        ("chat", "bot"),
        ("event", "bot"),
        ("event", "bot"),
    ]
    async with town.database.reading() as session:
        assert await gather.count(session, thread.id) == (6, 0)


async def test_what_was_said_around_the_post_is_attached_once(town: Town) -> None:
    before = [post(NOOR, "Anyone else?", "town:a"), post(MARA, "Me too", "town:b"), post(ROBOT, "Buy now", "town:c")]
    town.street.posts = before
    thread_id = await town.handed_off(MARA)
    assert await posts(town, thread_id) == [
        ("customer", COMPLAINT),
        ("other", "Anyone else?"),
        ("customer", "Me too"),
    ]


async def test_a_post_in_another_place_or_too_far_back_stays_attached(town: Town) -> None:
    await town.offered(MARA)
    town.street.posts = [post(MARA, "All that can be read", "town:x")]
    await town.do(post(MARA, "Help, I said, in another place!"))
    thread_id = await town.opted_in(MARA)
    assert [said for _, said in await posts(town, thread_id)] == [
        COMPLAINT,
        "Help, I said, in another place!",
        COMPLAINT,
        "All that can be read",
    ]


@pytest.mark.parametrize("error", [Unknown("cannot be read"), KeyError("a bug of the adapter")])
async def test_a_channel_that_cannot_be_read_costs_nobody_their_talk(town: Town, error: Exception) -> None:
    town.street.posts = error
    assert (await town.thread(await town.handed_off(MARA))).cases


async def test_an_edited_post_is_shown_as_it_is_now(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    post_id = await town.value("SELECT external_id FROM messages WHERE kind = 'post'")
    await town.do(edit(MARA, post_id, "Help! My Northwind parcel came, but broken."))
    assert await posts(town, thread_id) == [("customer", "Help! My Northwind parcel came, but broken.")]


async def test_a_post_deleted_by_its_author_after_the_handoff_leaves_a_tombstone_and_the_count_stays_right(
    town: Town,
) -> None:
    thread_id = await town.handed_off(MARA)
    post_id = await town.value("SELECT external_id FROM messages WHERE kind = 'post'")
    await town.do(deletion(post_id), edit(MARA, post_id, "Back again?"))
    assert await posts(town, thread_id) == [("customer", "")]
    async with town.database.reading() as session:
        assert await gather.count(session, thread_id) == (6, 1)


async def test_an_edited_or_deleted_private_line_is_changed_in_its_own_thread_alone(town: Town) -> None:
    mara, jose = await town.handed_off(MARA), await town.handed_off(JOSE)
    await town.do(line(MARA, "Order 1", "chat:5"), line(JOSE, "Order 2", "chat:6"))
    await town.do(edit(MARA, "chat:5", "Order 3"), deletion("chat:6"))
    assert (await town.thread(mara)).messages[-1].text == "Order 3"
    assert (await town.thread(jose)).messages[-1].text == ""


async def test_a_post_that_is_part_of_two_threads_is_changed_in_both(town: Town) -> None:
    mara = await town.opted_in(MARA)
    post_id = await town.value("SELECT external_id FROM messages WHERE kind = 'post'")
    town.street.posts = [post(MARA, COMPLAINT, post_id)]
    jose = await town.opted_in(JOSE)
    await town.do(deletion(post_id))
    assert [said for _, said in await posts(town, mara)] == [""]
    assert sorted(await posts(town, jose)) == [("customer", COMPLAINT), ("other", "")]


async def test_what_was_deleted_meanwhile_becomes_a_tombstone_at_the_handoff(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = (await town.thread(thread_id)).messages[0]
    town.street.posts = [Deleted("telegram", said.external_id or "", datetime.now(UTC))]
    await town.do(line(MARA, "Hello?"))
    async with town.database.transaction("test") as session:
        found = await threads.locked(session, thread_id)
        await gather.attach(session, b"", found, town.street.posts)
    assert (await town.thread(thread_id)).messages[0].deleted_at is not None


async def test_a_post_that_is_gone_when_we_look_is_not_answered(town: Town) -> None:
    gone = mention(MARA)
    town.x.posts = [Deleted("x", gone.id, datetime.now(UTC))]
    await town.do(gone)
    assert town.x.offers == []
    assert await town.value("SELECT why FROM offers") == "the post is gone"


async def on_x(town: Town, said: str = COMPLAINT) -> tuple[int, str]:
    """Mara calls us on X and opts in; the ids of the thread and of her post."""
    called = mention(MARA, said)
    await town.do(called)
    await town.do(Click("x", "click", MARA, town.x.offers[0].token, datetime.now(UTC)))
    return int(await town.value("SELECT max(id) FROM threads")), called.id


async def ended(town: Town, thread_id: int) -> None:
    """The thread ends."""
    async with town.database.transaction("test.end") as session:
        await threads.end(session, await threads.locked(session, thread_id), "solved")


async def look_after(town: Town, time: timedelta) -> None:
    """Let it be later, and look again."""
    await town.pass_time(time)
    await town.bot.look_again()


async def test_posts_of_an_open_thread_are_looked_at_again_within_a_day(town: Town) -> None:
    thread_id, post_id = await on_x(town)
    await town.bot.look_again()
    town.x.posts = [Deleted("x", post_id, datetime.now(UTC))]
    await look_after(town, 19 * HOURS)
    assert await posts(town, thread_id) == [("customer", COMPLAINT)]
    await look_after(town, 2 * HOURS)
    assert await posts(town, thread_id) == [("customer", "")]
    async with town.database.reading() as session:
        assert (await gather.count(session, thread_id))[1] == 1


async def test_a_look_that_fails_is_taken_again_in_an_hour(town: Town) -> None:
    thread_id, post_id = await on_x(town)
    town.x.posts = TryLater(60, "X is busy")
    await look_after(town, 21 * HOURS)
    town.x.posts = [Deleted("x", post_id, datetime.now(UTC))]
    await look_after(town, timedelta(minutes=58))
    assert await posts(town, thread_id) == [("customer", COMPLAINT)]
    await look_after(town, timedelta(minutes=4))
    assert await posts(town, thread_id) == [("customer", "")]


async def test_a_post_that_is_deleted_after_the_end_is_forgotten_within_a_day_and_no_reply_is_added(town: Town) -> None:
    thread_id, post_id = await on_x(town)
    await ended(town, thread_id)
    gone, reply = Deleted("x", post_id, datetime.now(UTC)), mention(NOOR, "Mine, too")
    town.x.posts = [gone, reply]
    await look_after(town, 21 * HOURS)
    assert await posts(town, thread_id) == [("customer", "")]
    async with town.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        assert not await gather.attach(session, b"", thread, [gone, mention(MARA, COMPLAINT), reply])
    assert await posts(town, thread_id) == [("customer", "")]
    assert await town.value("SELECT gathered_at < now() - interval '1 hour' FROM threads") is False
    await look_after(town, 21 * HOURS)
    assert await town.value("SELECT gathered_at < now() - interval '1 hour' FROM threads"), (
        "there is nothing to look at"
    )


async def test_what_is_forgotten_while_we_look_stays_forgotten(town: Town) -> None:
    thread_id, post_id = await on_x(town)
    await ended(town, thread_id)
    await town.pass_time(31 * 24 * HOURS)
    async with town.database.transaction("test.claim") as session:
        assert await gather.next_stale(session, {"x": 20 * HOURS})
    await town.bot.forget()
    async with town.database.transaction("test.settle") as session:
        thread = await threads.locked(session, thread_id)
        assert not await gather.attach(
            session, b"", thread, [mention(MARA), Post("x", post_id, MARA, "!", thread.opened_at)]
        )
    assert await posts(town, thread_id) == [("customer", "")]


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_look_that_finds_nothing_new_leaves_the_thread_where_it_is_in_the_lists(
    town: Town, is_over: bool
) -> None:
    thread_id, post_id = await on_x(town)
    if is_over:
        await ended(town, thread_id)
    town.x.posts = [Post("x", post_id, MARA, COMPLAINT, datetime.now(UTC))]
    await town.pass_time(21 * HOURS)
    before = (await town.thread(thread_id)).changed_at
    await town.bot.look_again()
    thread = await town.thread(thread_id)
    assert (thread.changed_at, thread.gathered_at and thread.gathered_at > before) == (before, True)


@pytest.mark.parametrize("when", ["before", "after", "changed and after"])
async def test_the_words_of_a_deleted_post_do_not_live_on_in_the_summary(town: Town, when: str) -> None:
    town.rasa.is_down = True
    said = "Help, Northwind! Nothing came to Orchard Lane 5, " + "and nobody answers " * 12
    thread_id, post_id = await on_x(town, said)
    gone = [Deleted("x", post_id, datetime.now(UTC))]
    town.x.posts = gone if when == "before" else ()
    await look_after(town, timedelta(minutes=10))
    await town.work()
    if when == "changed and after":
        town.x.posts = [Post("x", post_id, MARA, f"Oh, {said}", datetime.now(UTC))]
        await look_after(town, 21 * HOURS)
        assert (await town.value("SELECT summary FROM cases")).startswith("Oh, ")
    town.x.posts = gone
    await look_after(town, 21 * HOURS)
    assert (await town.thread(thread_id)).cases[0].reason == "the bot was not available"
    assert await trace_of(town, "Orchard") == []
    instead = "Nothing was said yet." if when == "before" else "The post was deleted by its author."
    assert await town.value("SELECT summary FROM cases") == instead
