"""What a merge means to the bot: a STOP of one account ends all offers to the person, and nothing else is shared."""

from datetime import timedelta
from itertools import pairwise

from bot.brand import read_brand
from bot.channel import Author, TryLater
from bot.choose import Choose
from handoff import cases, persons
from handoff.models import Agent
from tests.bot.town import BRAND, Town, line, post
from tests.cast import ANA, JOSE, MARA, NOOR

DAY = timedelta(days=1)


async def customer_of(town: Town, author: Author) -> int:
    return int(await town.value("SELECT id FROM customers WHERE external_id = :id", id=author.id))


async def merged(town: Town, *authors: Author) -> None:
    """Everybody's case was with the team, and Ana holds them for one."""
    ana = await town.hired(ANA)
    for author in authors:
        await town.handed_off(author)
    ids = [await customer_of(town, author) for author in authors]
    async with town.database.transaction("test") as session:
        for one, other in pairwise(ids):
            await persons.merge(session, one, other, ana)


async def end_all(town: Town) -> None:
    """Every case is closed, so that a new post is a new problem."""
    async with town.database.transaction("test") as session:
        ana = await session.get_one(Agent, 1)
        for thread_id in range(1, int(await town.value("SELECT max(id) FROM threads")) + 1):
            await cases.close(session, thread_id, ana)


async def test_after_a_stop_of_one_account_no_account_of_the_person_is_offered_help(town: Town) -> None:
    await merged(town, MARA, JOSE)
    await end_all(town)
    await town.do(line(JOSE, "stop"))
    await town.pass_time(31 * DAY)
    offers = len(town.street.offers)
    await town.do(post(MARA))
    assert len(town.street.offers) == offers
    assert await town.value("SELECT posts FROM tallies WHERE outcome = 'said STOP'") == 1
    async with town.database.transaction("test") as session:
        ana = await session.get_one(Agent, 1)
        await persons.unmerge(session, await customer_of(town, MARA), ana)
    await town.do(post(MARA))
    assert len(town.street.offers) == offers + 1, "unmerged, each is as before"


async def test_a_stop_of_one_account_keeps_an_offer_back_that_waits_for_another(town: Town) -> None:
    await merged(town, MARA, JOSE)
    await end_all(town)
    await town.pass_time(31 * DAY)
    town.street.outcomes.append(TryLater(60, "too many"))
    offers = len(town.street.offers)
    await town.do(post(MARA))
    await town.do(line(JOSE, "stop"))
    await town.pass_time(timedelta(minutes=2))
    await town.work()
    assert len(town.street.offers) == offers
    assert await town.value("SELECT why FROM offers ORDER BY id DESC LIMIT 1") == "said STOP"


async def test_one_person_is_offered_help_once_within_the_cool_down_on_whichever_account(town: Town) -> None:
    await merged(town, MARA, JOSE)
    await end_all(town)
    await town.pass_time(31 * DAY)
    offers = len(town.street.offers)
    await town.do(post(MARA), post(JOSE))
    assert len(town.street.offers) == offers + 1


async def test_a_stop_of_one_account_leaves_the_open_chat_of_another(town: Town) -> None:
    await merged(town, MARA, JOSE)
    await town.do(line(JOSE, "stop"))
    async with town.database.transaction("test") as session:
        ana = await session.get_one(Agent, 1)
        await cases.reply(session, 1, ana, "For Mara", client_id="reply-1", seen_seq=99)
    await town.work()
    assert town.heard_by(MARA)[-1] == "For Mara"
    assert "For Mara" not in town.heard_by(JOSE)


async def test_whoever_is_deleted_leaves_the_others_as_they_are(town: Town) -> None:
    await merged(town, MARA, JOSE, NOOR)
    ids = [await customer_of(town, author) for author in (MARA, JOSE, NOOR)]
    account = await town.value("SELECT account FROM customers WHERE id = :id", id=ids[1])
    said = [message.text for message in (await town.thread(1)).messages]
    await Choose(town.database, read_brand(BRAND), account).be_forgotten(JOSE.id, stopped=False)
    async with town.database.reading() as session:
        assert await persons.of(session, ids) == {ids[0]: [ids[0], ids[2]], ids[1]: [ids[1]], ids[2]: [ids[0], ids[2]]}
    assert [message.text for message in (await town.thread(1)).messages] == said
    assert await customer_of(town, MARA) == ids[0]
