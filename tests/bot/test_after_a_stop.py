"""What was stopped stays so until the customer begins again by pressing Start: no other word of theirs is a yes."""

import asyncio
from datetime import timedelta

import pytest

from bot import listen
from bot.say import say
from bot.stop import is_stop
from tests.bot.test_choose import choices
from tests.bot.town import Town, click, line, mention, post
from tests.cast import MARA, TROLL


async def test_a_word_after_the_stop_of_somebody_we_never_saw_is_no_yes(town: Town) -> None:
    await town.do(line(TROLL, "stop"))
    await town.do(line(TROLL, "ok thanks"))
    assert town.heard_by(TROLL) == []
    assert await town.value("SELECT count(*) FROM opt_ins") == 0


async def test_a_word_after_being_deleted_with_a_stop_is_no_yes(town: Town) -> None:
    await town.handed_off(MARA)
    heard = town.heard_by(MARA)
    await (await choices(town)).be_forgotten(MARA.id, stopped=True)
    await town.do(line(MARA, "and my parcel?"))
    assert town.heard_by(MARA) == heard
    await town.do(click(MARA, None))
    assert len(town.heard_by(MARA)) > len(heard), "Start begins anew"


async def test_a_word_after_a_stop_to_a_second_offer_is_no_yes(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "It is solved"))
    await town.pass_time(timedelta(days=60))
    await town.do(post(MARA, "Help, my Northwind lamp is dark!"))
    assert len(town.street.offers) == 2
    await town.do(line(MARA, "stop"))
    heard = town.heard_by(MARA)
    await town.do(line(MARA, "ok thanks"))
    assert town.heard_by(MARA) == heard
    assert await town.value("SELECT count(*) FROM opt_ins") == 1


async def test_whoever_began_again_after_a_stop_and_was_deleted_may_write(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "stop"))
    await town.do(click(MARA, None))
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    heard = town.heard_by(MARA)
    await town.do(line(MARA, "My parcel is late"))
    assert len(town.heard_by(MARA)) > len(heard)


async def test_a_stop_that_is_said_twice_at_once_is_confirmed(town: Town) -> None:
    await town.opted_in(MARA)
    await town.hear(line(MARA, "stop"), line(MARA, "STOP"))
    assert await town.flow.handle_next()
    assert await town.flow.handle_next()
    await town.work()
    assert town.heard_by(MARA).count(say("stopped", "en")) == 1


@pytest.mark.parametrize("said", ["STOP\n[photo]", "stop please\n[file]\n[forwarded]"])
def test_a_stop_under_a_picture_is_one(said: str) -> None:
    assert is_stop(said)


def test_a_sentence_under_a_picture_is_none() -> None:
    assert not is_stop("they must stop this\n[photo]")
    assert not is_stop("[photo]")
    assert not is_stop("\n[a]" * 50_000 + "x"), "at once, however long"


async def test_a_stop_to_us_in_public_is_kept_of_somebody_we_never_saw(town: Town) -> None:
    await town.do(mention(TROLL, "@northwind STOP"))
    await town.do(mention(TROLL, "@northwind my parcel has not arrived, help!"))
    assert town.x.offers == []


async def test_a_stop_does_not_overtake_the_start_before_it(town: Town) -> None:
    await town.hear(click(MARA, None), line(MARA, "STOP"))
    async with town.database.transaction("another bot") as session:
        start = await listen.next_update(session)
        handling = asyncio.create_task(town.flow.handle_next())
        done, _ = await asyncio.wait([handling], timeout=0.5)
        assert start is not None
        assert not done, "it waits for the other bot"
    assert await handling
    assert await town.value("SELECT count(*) FROM opt_ins") == 1
    await town.work()
    assert await town.value("SELECT ended_why FROM threads") == "stopped"


async def test_the_link_of_a_chat_that_is_over_begins_a_new_one(town: Town) -> None:
    token = await town.offered(MARA)
    await town.do(click(MARA, token))
    await town.do(click(MARA, token))
    assert await town.value("SELECT count(*) FROM threads") == 1
    await town.do(line(MARA, "It is solved"))
    heard = town.heard_by(MARA)
    await town.do(click(MARA, token))
    assert len(town.heard_by(MARA)) == len(heard) + 2, "a hello, and what it is about"
    await town.do(click(MARA, token))
    assert await town.value("SELECT count(*) FROM threads") == 2
