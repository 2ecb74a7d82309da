"""What waits to be sent goes out in order, at least once, and looks sent only when it was."""

from datetime import timedelta

import pytest

from bot import deliver
from bot.channel import NeverDeliverable, TryLater, Unknown
from handoff import cases, errors
from handoff.models import Agent
from tests.bot.town import Town, line
from tests.cast import ANA, JOSE, MARA

SECONDS = timedelta(seconds=1)


async def reply(town: Town, thread_id: int, said: str, undo: timedelta = timedelta(0)) -> int:
    """Ana answers; the id of the message."""
    if not await town.value("SELECT count(*) FROM agents"):
        await town.hired(ANA)
    async with town.database.transaction("test") as session:
        ana = await session.get_one(Agent, await town.value("SELECT id FROM agents"))
        message = await cases.reply(session, thread_id, ana, said, client_id=said, seen_seq=99, undo=undo)
    assert message is not None
    return message.id


async def delivery(town: Town, message_id: int) -> tuple[str, bool]:
    """How it stands with a message, and whether it looks sent."""
    state = await town.value("SELECT delivery FROM messages WHERE id = :id", id=message_id)
    return str(state), await town.value("SELECT external_id IS NOT NULL FROM messages WHERE id = :id", id=message_id)


async def test_a_reply_reaches_the_customer_where_the_customer_chose_to_talk(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = await reply(town, thread_id, "It is on its way.")
    await town.work()
    assert town.street.lines[-1].to == MARA.id
    assert (town.heard_by(MARA)[-1], await delivery(town, said)) == ("It is on its way.", ("sent", True))


async def test_a_line_the_channel_is_too_busy_for_comes_later_and_in_order(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.append(TryLater(30, "too many"))
    await reply(town, thread_id, "First.")
    await reply(town, thread_id, "Second.")
    await town.work()
    assert "Second." not in town.heard_by(MARA)
    await town.pass_time(31 * SECONDS)
    await town.work()
    assert town.heard_by(MARA)[-2:] == ["First.", "Second."]


async def test_a_channel_that_makes_one_wait_holds_up_nobody_else(town: Town) -> None:
    mara, jose = await town.handed_off(MARA), await town.handed_off(JOSE)
    town.street.outcomes.append(TryLater(300, "this chat must rest"))
    await reply(town, mara, "To Mara.")
    await reply(town, jose, "To José.")
    await town.work()
    assert (town.heard_by(JOSE)[-1], "To Mara." in town.heard_by(MARA)) == ("To José.", False)


async def test_a_line_whose_fate_is_unknown_is_sent_again_with_the_same_key(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.append(Unknown("no answer"))
    said = await reply(town, thread_id, "Hello?")
    await town.work()
    assert await delivery(town, said) == ("pending", False)
    await town.pass_time(5 * SECONDS)
    await town.work()
    keys = [sent.key for sent in town.street.lines if sent.text == "Hello?"]
    assert keys == [f"message-{said}"] * 2
    assert await delivery(town, said) == ("sent", True)


async def test_a_message_that_was_not_delivered_never_looks_delivered(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.append(NeverDeliverable("the chat is gone"))
    said = await reply(town, thread_id, "Hello?")
    await town.work()
    assert await delivery(town, said) == ("failed", False)
    assert await town.value("SELECT trouble FROM messages WHERE id = :id", id=said) == "the chat is gone"
    assert await town.value("SELECT waiting_since FROM cases WHERE thread_id = :id", id=thread_id), "they wait on"


async def test_after_many_tries_a_line_is_shown_as_not_sent_and_can_be_tried_again(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.extend([Unknown("no answer")] * 8)
    said = await reply(town, thread_id, "Hello?")
    for _ in range(8):
        await town.work()
        await town.pass_time(70 * SECONDS)
    assert await delivery(town, said) == ("failed", False)
    async with town.database.transaction("test") as session:
        await cases.try_again(session, thread_id, said)
    await town.work()
    assert await delivery(town, said) == ("sent", True)


async def test_a_busy_channel_never_makes_a_line_fail(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.extend([*[TryLater(1, "busy")] * 20, Unknown("no answer")])
    said = await reply(town, thread_id, "Hello?")
    for _ in range(22):
        await town.work()
        await town.pass_time(3 * SECONDS)
    assert await delivery(town, said) == ("sent", True)


async def test_a_reply_waits_while_it_can_be_undone(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, "Oops", undo=60 * SECONDS)
    await town.work()
    assert "Oops" not in town.heard_by(MARA)
    await town.pass_time(61 * SECONDS)
    await town.work()
    assert town.heard_by(MARA)[-1] == "Oops"


async def test_a_note_never_leaves_the_house(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        said = await cases.note(session, thread_id, ana, "She is annoyed.", client_id="note")
    await town.pass_time(timedelta(days=1))
    await town.work()
    assert said is not None
    assert said.delivery is None
    assert "She is annoyed." not in [sent.text for sent in town.street.lines]
    with pytest.raises(errors.NoSuchCase):
        async with town.database.transaction("test") as session:
            await cases.try_again(session, thread_id, said.id + 1)


async def test_nothing_is_said_that_is_not_first_written_down(town: Town) -> None:
    written: list[object] = []

    async def look() -> None:
        written.append(await town.value("SELECT count(*) FROM messages WHERE text = 'On its way.'"))

    thread_id = await town.handed_off(MARA)
    town.street.while_sending = look
    await reply(town, thread_id, "On its way.")
    await town.work()
    assert written == [1]


async def test_two_workers_send_a_line_once(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, "Once.")
    claims = [await town.bot.claim_line() for _ in range(3)]
    work = [claim for claim in claims if not isinstance(claim, bool)]
    assert len(work) == 1
    await work[0]()
    assert town.heard_by(MARA).count("Once.") == 1


async def test_a_stop_while_a_line_is_under_way_does_not_send_it_twice(town: Town) -> None:
    thread_id = await town.handed_off(MARA)

    async def stop() -> None:
        town.street.while_sending = None
        await town.flow.on_message(line(MARA, "stop"))

    town.street.while_sending = stop
    town.street.outcomes.append(Unknown("no answer"))
    said = await reply(town, thread_id, "Hello?")
    await town.work()
    await town.pass_time(60 * SECONDS)
    await town.work()
    assert town.heard_by(MARA).count("Hello?") == 1
    assert await delivery(town, said) == ("withheld", False)


async def test_an_event_that_was_being_claimed_when_a_stop_came_is_not_tried_again_after_it(town: Town) -> None:
    await town.opted_in(MARA)
    town.rasa.is_down = True
    await town.hear(line(MARA, "NW-1"))
    await town.flow.handle_next()
    await town.pass_time(6 * SECONDS)
    talk = await town.bot.claim_talk()
    assert not isinstance(talk, bool)
    await talk()
    before = town.heard_by(MARA)
    async with town.database.transaction("test.claim") as session:
        claimed = await deliver.claim(session, 30 * SECONDS)
        assert isinstance(claimed, deliver.Claimed)
        await town.flow.on_message(line(MARA, "stop"))
    async with town.database.transaction("test.settle") as session:
        await deliver.settle(session, claimed, TryLater(1, "busy"))
    await town.pass_time(60 * SECONDS)
    await town.work()
    assert "number 1 in the line" in claimed.line.text
    assert [one[:23] for one in town.heard_by(MARA)[len(before) :]] == ["Done. You will not hear"]
