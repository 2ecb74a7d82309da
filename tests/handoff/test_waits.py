"""How long one waits for a person: only what the record knows, and nothing when it knows too little."""

from datetime import timedelta

from bot.channel import Author
from handoff import waits
from handoff.waits import ENOUGH, Wait
from tests.bot.doorstep import Doorstep
from tests.bot.pages.world import words
from tests.bot.town import Town
from tests.cast import BEN, JOSE, MARA


async def now(town: Town, but: int | None = None) -> Wait:
    """The wait as the record knows it."""
    async with town.database.reading() as session:
        return await waits.wait(session, but)


async def answered(town: Town, number: int, *minutes: int) -> None:
    """Cases that were answered after so many minutes; `number` tells their customers from others."""
    ben = await town.value("SELECT id FROM agents") or (await town.hired(BEN)).id
    times = "first_reply_at = now(), opened_at = now() - make_interval(mins => :after)"
    for after in minutes:
        thread_id = await town.handed_off(Author(f"{number}{after}", f"guest{number}{after}", "Guest"))
        claimed = f"UPDATE cases SET {times}, claimed_at = now(), claimed_by = :ben WHERE thread_id = :id"
        await town.run(claimed, after=after, id=thread_id, ben=ben)


async def test_nobody_waits_on_an_empty_record(town: Town) -> None:
    assert await now(town) == Wait(0, None)


async def test_who_waits_is_counted_but_not_oneself(town: Town) -> None:
    own = await town.handed_off(MARA)
    await town.handed_off(JOSE)
    assert (await now(town)).waiting == 2
    assert (await now(town, but=own)).waiting == 1


async def test_how_long_it_takes_is_said_only_when_enough_were_answered(town: Town) -> None:
    await answered(town, 1, *range(2, 2 + ENOUGH - 1))
    assert (await now(town)).usually is None
    await answered(town, 2, 60)
    assert (await now(town)).usually == timedelta(minutes=4)


async def test_what_was_answered_long_ago_does_not_count(town: Town) -> None:
    await answered(town, 1, *range(2, 2 + ENOUGH))
    await town.run("UPDATE cases SET opened_at = opened_at - interval '8 days'")
    assert (await now(town)).usually is None


async def test_the_landing_says_how_many_wait_and_how_long_it_took(town: Town, doorstep: Doorstep) -> None:
    await answered(town, 1, *range(5, 5 + ENOUGH))
    await town.handed_off(JOSE)
    link, visitor = await doorstep.offered(MARA), doorstep.browser()
    assert "Right now one person is waiting. Lately it took about 7 minutes." in words((await visitor.get(link)).text)
    said = words((await visitor.get(link, headers={"Accept-Language": "el"})).text)
    assert "Αυτή τη στιγμή περιμένει ένα άτομο. Τελευταία η αναμονή ήταν περίπου 7 λεπτά." in said


async def test_the_landing_of_a_stranger_does_not_change_with_the_chat_behind_it(doorstep: Doorstep) -> None:
    link, stranger = await doorstep.offered(MARA), doorstep.browser()
    before = (await stranger.get(link)).content
    mara = doorstep.browser()
    await doorstep.signs_in(mara, link, MARA)
    await doorstep.town.work()
    await mara.post(f"{link}/say", data={"text": "I want a person"})
    await doorstep.town.work()
    assert await doorstep.town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1
    assert (await stranger.get(link)).content == before
