"""Threads in human hands: one agent at a time, replies that do not cross, a clock that starts at the handoff."""

import asyncio
from datetime import timedelta

import pytest

from handoff import agents, cases, errors, threads
from handoff.models import Agent, Case
from tests.bot.town import Town, line
from tests.cast import ANA, BEN, JOSE, MARA


@pytest.fixture
async def team(town: Town) -> tuple[Agent, Agent]:
    """Ana, an admin, and Ben."""
    return await town.hired(ANA), await town.hired(BEN)


async def reply(town: Town, thread_id: int, agent: Agent, said: str, seen_seq: int = 99, client_id: str = "") -> object:
    """An agent answers; the refusal, if there is one."""
    try:
        async with town.database.transaction("test") as session:
            ids = {"client_id": client_id or f"{agent.name}: {said}", "seen_seq": seen_seq}
            return await cases.reply(session, thread_id, agent, said, **ids)  # type: ignore[arg-type]
    except errors.CaseError as refusal:
        return refusal


async def claim(town: Town, thread_id: int, agent: Agent) -> object:
    """An agent claims; the refusal, if there is one."""
    try:
        async with town.database.transaction("test") as session:
            return await cases.claim(session, thread_id, agent)
    except errors.CaseError as refusal:
        return refusal


async def test_two_agents_who_claim_at_once_do_not_both_get_the_case(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    got = await asyncio.gather(*(claim(town, thread_id, agent) for agent in team))
    assert sorted(type(one).__name__ for one in got) == ["Case", "ClaimedBySomebodyElse"]
    assert await town.value("SELECT count(*) FROM messages WHERE text LIKE '% claimed the case'") == 1


async def test_of_two_agents_who_reply_at_once_the_second_is_asked_first(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    seen = (await town.thread(thread_id)).last_seq
    said = await asyncio.gather(*(reply(town, thread_id, agent, "Hello", seen) for agent in team))
    assert sorted(type(one).__name__ for one in said) == ["Message", "SomebodyReplied"]
    await town.work()
    assert town.heard_by(MARA).count("Hello") == 1


async def test_a_reply_sent_twice_is_said_once(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    said = await asyncio.gather(*(reply(town, thread_id, team[1], "Hello", client_id="same") for _ in range(5)))
    assert sum(one is not None for one in said) == 1
    await town.work()
    assert town.heard_by(MARA).count("Hello") == 1


async def test_the_clock_for_the_first_human_reply_starts_at_the_handoff_and_counts_no_word_of_the_bot(
    town: Town, team: tuple[Agent, Agent]
) -> None:
    thread_id = await town.opted_in(MARA)
    await town.pass_time(timedelta(hours=5))
    await town.do(line(MARA, "I want a person"))
    await town.pass_time(timedelta(minutes=10))
    assert await town.value("SELECT first_reply_at IS NULL FROM cases")
    await reply(town, thread_id, team[0], "Hello")
    minutes = "SELECT extract(epoch FROM first_reply_at - opened_at) / 60 FROM cases"
    assert 10 <= float(await town.value(minutes)) < 12
    first = await town.value("SELECT first_reply_at FROM cases")
    await reply(town, thread_id, team[0], "And another thing")
    assert await town.value("SELECT first_reply_at FROM cases") == first


async def test_handing_off_twice_opens_one_case(town: Town) -> None:
    thread_id = await town.opted_in(MARA)

    async def hand_off() -> Case:
        async with town.database.transaction("test") as session:
            return await cases.hand_off(session, await threads.locked(session, thread_id), "asked", "Mara asks.")

    one, other = await asyncio.gather(hand_off(), hand_off())
    assert one.id == other.id


async def test_only_who_claimed_a_case_or_an_admin_gives_it_back(town: Town, team: tuple[Agent, Agent]) -> None:
    (ana, ben), thread_id = team, await town.handed_off(MARA)
    carla = Agent(email="carla@northwind.example", name="Carla", password_hash="-")
    async with town.database.transaction("test") as session:
        session.add(carla)
    await claim(town, thread_id, ben)
    with pytest.raises(errors.ClaimedBySomebodyElse):
        async with town.database.transaction("test") as session:
            await cases.release(session, thread_id, carla)
    with pytest.raises(errors.ClaimedBySomebodyElse):
        async with town.database.transaction("test") as session:
            await cases.close(session, thread_id, carla)
    async with town.database.transaction("test") as session:
        released = await cases.release(session, thread_id, ana)
    assert (released.claimed_by, released.claimed_at) == (None, None)


async def test_a_closed_case_is_over_until_the_customer_writes(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    for _ in range(2):
        async with town.database.transaction("test") as session:
            await cases.close(session, thread_id, team[0])
    assert isinstance(await claim(town, thread_id, team[1]), errors.AlreadyClosed)
    assert isinstance(await reply(town, thread_id, team[1], "Hello"), errors.AlreadyClosed)
    assert await town.value("SELECT count(*) FROM messages WHERE text LIKE '%closed the case'") == 1
    await town.do(line(MARA, "It broke again"))
    assert isinstance(await claim(town, thread_id, team[1]), Case)


async def test_a_reply_before_the_close_still_arrives(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, team[0], "All is well.")
    async with town.database.transaction("test") as session:
        await cases.close(session, thread_id, team[0])
    await town.work()
    assert town.heard_by(MARA)[-1] == "All is well."


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("", errors.NothingSaid),
        (" \n", errors.NothingSaid),
        ("\x00 \x00", errors.NothingSaid),
        ("x" * 4097, errors.TooLong),
    ],
    ids=["empty", "blank", "NUL characters", "4,097 characters"],
)
async def test_what_cannot_be_said_is_refused(
    town: Town, team: tuple[Agent, Agent], said: str, refusal: type[errors.CaseError]
) -> None:
    thread_id = await town.handed_off(MARA)
    assert isinstance(await reply(town, thread_id, team[0], said), refusal)


async def test_who_was_shut_out_meanwhile_neither_claims_nor_replies(town: Town, team: tuple[Agent, Agent]) -> None:
    (ana, ben), mara, jose = team, await town.handed_off(MARA), await town.handed_off(JOSE)
    await claim(town, mara, ben)
    async with town.database.transaction("test") as session:
        await agents.disable(session, ben.id, ana)
    assert isinstance(await claim(town, jose, ben), errors.ShutOut)
    assert isinstance(await reply(town, mara, ben, "Hello"), errors.ShutOut)
    assert await town.value("SELECT count(*) FROM cases WHERE claimed_by IS NOT NULL") == 0


async def test_who_is_shut_out_while_claiming_and_replying_keeps_no_case(town: Town, team: tuple[Agent, Agent]) -> None:
    (ana, ben), mara, jose = team, await town.handed_off(MARA), await town.handed_off(JOSE)
    await claim(town, mara, ben)

    async def disable() -> None:
        async with town.database.transaction("test") as session:
            await agents.disable(session, ben.id, ana)

    await asyncio.gather(reply(town, mara, ben, "Hello"), claim(town, jose, ben), disable())
    assert await town.value("SELECT count(*) FROM cases WHERE claimed_by IS NOT NULL") == 0


async def test_a_thread_that_is_no_case_is_nobodys_to_see(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.opted_in(MARA)
    for number in (thread_id, -1, 404):
        assert isinstance(await claim(town, number, team[0]), errors.NoSuchCase)


async def test_the_place_in_the_line_counts_those_who_wait(town: Town, team: tuple[Agent, Agent]) -> None:
    mara, jose = await town.handed_off(MARA), await town.handed_off(JOSE)

    async def place(thread_id: int) -> int:
        async with town.database.transaction("test") as session:
            return await cases.place_in_line(session, await threads.locked(session, thread_id))

    assert (await place(mara), await place(jose)) == (1, 2)
    await claim(town, mara, team[0])
    assert (await place(mara), await place(jose)) == (0, 1)
