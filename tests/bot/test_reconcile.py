"""What is in doubt is looked for, never repeated, and in the end put before a human."""

from datetime import timedelta

import pytest

from bot.channel import Unknown
from tests.bot.town import Town, click, post
from tests.cast import MARA

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)


async def in_doubt(town: Town) -> None:
    """An offer went out, or not: the answer got lost."""
    town.street.outcomes.append(Unknown("no answer"))
    await town.do(post(MARA))
    assert await state(town) == "in_doubt, in_doubt"


async def state(town: Town) -> str:
    """How it stands with the offer and its attempt."""
    return str(await town.value("SELECT o.state || ', ' || a.state FROM offers o JOIN attempts a ON offer_id = id"))


async def test_an_offer_that_can_be_seen_was_sent(town: Town) -> None:
    await in_doubt(town)
    town.street.finds = "offer-7"
    await town.bot.settle_doubts()
    assert await state(town) == "sent, sent"
    assert await town.value("SELECT external_id FROM attempts") == "offer-7"


@pytest.mark.parametrize("finds", [None, Unknown("cannot look"), KeyError("a bug of the adapter")])
async def test_an_offer_that_nobody_finds_waits_for_a_human_and_is_never_repeated(
    town: Town, finds: Exception | None
) -> None:
    await in_doubt(town)
    town.street.finds = finds
    for _ in range(4):
        await town.pass_time(5 * MINUTES)
        await town.bot.settle_doubts()
        await town.work()
    assert (await state(town), len(town.street.offers)) == ("human, in_doubt", 1)
    assert await town.value("SELECT text FROM messages WHERE kind = 'event'") == (
        "It is not certain that the offer was delivered"
    )


async def test_an_offer_that_turns_up_late_is_sent_after_all(town: Town) -> None:
    await in_doubt(town)
    for _ in range(2):
        await town.pass_time(16 * MINUTES)
        await town.bot.settle_doubts()
    await town.do(click(MARA, town.street.offers[0].token))
    assert await state(town) == "sent, sent"


async def test_what_a_dead_process_was_sending_is_in_doubt_after_its_lease(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    assert not isinstance(await town.bot.claim_offer(), bool)
    await town.bot.settle_doubts()
    assert await state(town) == "sending, intent"
    await town.pass_time(61 * SECONDS)
    await town.bot.settle_doubts()
    await town.work()
    assert (await state(town), town.street.offers) == ("in_doubt, in_doubt", [])


async def test_a_doubt_is_looked_into_now_and_then_and_not_all_the_time(town: Town) -> None:
    await in_doubt(town)
    await town.bot.settle_doubts()
    town.street.finds = "offer-7"
    await town.bot.settle_doubts()
    assert await state(town) == "in_doubt, in_doubt"
    await town.pass_time(31 * SECONDS)
    await town.bot.settle_doubts()
    assert await state(town) == "sent, sent"
