"""Who wishes to be forgotten is forgotten in other people's threads too, to which their posts were attached."""

from datetime import UTC, datetime

import pytest

from bot import forget, gather
from bot.channel import Author, Click, Post
from bot.settings import BotSettings
from handoff import members, people, threads
from tests.bot.test_forget import DAYS, trace_of
from tests.bot.town import COMPLAINT, Town, line, mention, post
from tests.cast import JOSE, MARA, NOOR

KEY = BotSettings(secret="the secret of the tests").key


async def forgotten(town: Town, who: Author, channel: str = "telegram") -> set[int]:
    """Delete all of somebody; the threads that open pages are told of."""
    async with town.database.transaction("test") as session:
        await forget.person(session, people.account_hash(KEY, channel, who.id), who.id)
        told: set[int] = session.info["changed"]
    return told


async def test_a_post_that_was_only_gathered_goes_with_its_author_and_does_not_come_back(town: Town) -> None:
    town.street.posts = [post(NOOR, "Mine, at Plum Street", "town:a"), post(JOSE, "Not mine", "town:b")]
    thread_id = await town.handed_off(MARA)
    around, town.street.posts = town.street.posts, ()
    await town.handed_off(NOOR, "Help! Another thing of Northwind.")
    async with town.database.reading() as session:
        count, _ = await gather.count(session, thread_id)
    assert thread_id in await forgotten(town, NOOR)
    assert await trace_of(town, "Plum Street", "noor", NOOR.id, people.account_hash(KEY, "telegram", NOOR.id)) == [
        f"{table}.account: {people.account_hash(KEY, 'telegram', NOOR.id)}"
        for table in ("customers", "offers", "promises")
    ]
    async with town.database.transaction("test.attach") as session:
        await gather.attach(session, KEY, await threads.locked(session, thread_id), around)
    said = [(one.text, one.author_name) for one in (await town.thread(thread_id)).messages if one.kind == "post"]
    assert said == [(COMPLAINT, "Mara"), ("", None), ("Not mine", "José")]
    async with town.database.reading() as session:
        assert await gather.count(session, thread_id) == (count, 1)


async def test_whose_a_post_was_is_forgotten_with_its_words(town: Town) -> None:
    town.street.posts = [post(NOOR, "Mine, too", "town:a")]
    await town.handed_off(MARA)
    await town.do(line(MARA, "stop"))
    assert await town.value("SELECT count(account) FROM messages") == 2
    await town.pass_time(31 * DAYS)
    await town.bot.forget()
    assert await town.value("SELECT count(account) FROM messages") == 0


@pytest.mark.parametrize(("handle", "is_theirs"), [("noor_x", True), ("NOOR_X", True), ("noorax", False)])
async def test_on_x_a_post_from_before_it_was_known_whose_it_is_is_found_by_its_address(
    town: Town, handle: str, is_theirs: bool
) -> None:
    noor = Author(NOOR.id, "noor_x", "Noor")
    for who, around in ((MARA, [_on_x(handle)]), (noor, ())):
        town.x.posts = around
        await town.do(mention(who))
        await town.do(Click("x", f"click-{who.id}", who, town.x.offers[-1].token, datetime.now(UTC)))
    await town.run("UPDATE messages SET account = NULL")
    await forgotten(town, noor, "x")
    assert (await trace_of(town, "Plum Street") == []) is is_theirs


def _on_x(handle: str) -> Post:
    url = f"https://x.com/{handle}/status/7"
    return Post("x", "7", Author("7", handle, "N."), "Mine, at Plum Street", datetime.now(UTC), url=url)


async def test_whoever_never_spoke_to_us_can_have_a_post_beside_another_forgotten(town: Town) -> None:
    town.street.posts = [post(NOOR, "Mine, at Plum Street", "town:a"), post(JOSE, "Not mine", "town:b")]
    thread_id = await town.handed_off(MARA)
    async with town.database.reading() as session:
        found = await forget.whom(session, KEY, "telegram", NOOR.id)
        assert await forget.whom(session, KEY, "telegram", "somebody") is None
    assert found == (people.account_hash(KEY, "telegram", NOOR.id), NOOR.id)
    assert thread_id in await forgotten(town, NOOR)
    assert await trace_of(town, "Plum Street", "noor") == []
    assert await trace_of(town, "Not mine")


async def test_who_only_posted_on_the_square_leaves_it_too(town: Town) -> None:
    async with town.database.transaction("test") as session:
        mara, noor = [await members.join(session, name, f"the cookie of {name}") for name in ("Mara", "Noor")]
        accounts = [people.account_hash(KEY, "square", str(one.id)) for one in (mara, noor)]
        await people.promise(session, accounts[0])
        customer = await people.customer(session, accounts[0], "square", "en")
        thread = await threads.opening(session, customer, "Northwind", "en", None)
        await threads.append(
            session, thread, "post", "other", "At Plum Street", author_name="Noor", account=accounts[1]
        )
    async with town.database.transaction("test") as session:
        assert await forget.whom(session, KEY, "square", "noor") == (accounts[1], str(noor.id))
        await forget.person(session, accounts[1], str(noor.id))
    assert await trace_of(town, "Plum Street", "noor") == []
    assert await trace_of(town, "Mara")
