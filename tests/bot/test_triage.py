"""The talk with the bot: it asks, listens, hands off; and when it cannot, a human gets the thread."""

import asyncio
from datetime import timedelta

import pytest

from bot.say import say
from handoff import cases, threads
from handoff.database import Database
from tests.bot.town import COMPLAINT, Town, click, line
from tests.cast import ANA, BEN, JOSE, MARA
from tests.rasa_server import RasaServer

SECONDS = timedelta(seconds=1)

NOBODY = say("nobody_here", "en")


async def test_the_bot_asks_and_hears_one_line_after_the_other(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "NW-1"), line(MARA, "the lamp"))
    assert town.rasa.heard == ["/begin", "NW-1", "the lamp"]
    assert town.heard_by(MARA)[1:] == ["Question 1?", "Question 2?", "Question 3?"]


async def test_nobody_who_opted_in_is_lost(town: Town) -> None:
    """In every state the thread has a speaker with a timer, an open case, or an end."""
    lost = """SELECT count(*) FROM opt_ins JOIN threads ON id = thread_id WHERE ended_at IS NULL AND NOT (
        speaker = 'bot' AND due_at IS NOT NULL
        OR speaker = 'team' AND EXISTS (SELECT FROM cases WHERE cases.thread_id = threads.id AND closed_at IS NULL))"""
    await town.opted_in(MARA)
    for said in ("hm", "I want a person", "hello?", "stop", "me again"):
        await town.hear(line(MARA, said))
        while await town.one_round():
            assert await town.value(lost) == 0


async def test_who_goes_quiet_gets_a_human(town: Town) -> None:
    await town.opted_in(MARA)
    await town.pass_time(timedelta(hours=25))
    await town.work()
    assert await town.value("SELECT reason FROM cases") == "went quiet in the talk with the bot"


async def test_a_customer_whose_language_the_bot_does_not_speak_gets_a_human(town: Town) -> None:
    await town.opted_in(
        JOSE, "Help! Non ho ricevuto il mio pacco di Northwind, sono settimane che nessuno mi risponde."
    )
    assert await town.value("SELECT reason FROM cases") == "the bot does not speak the language"
    assert "You are number 1 in the line" in town.heard_by(JOSE)[-1]
    assert town.rasa.heard == []


async def test_who_goes_on_in_another_language_is_spoken_to_in_it_and_one_word_changes_nothing(town: Town) -> None:
    await town.opted_in(MARA)
    await town.hear(line(MARA, "no para"))
    assert await town.value("SELECT language FROM threads") == "en"
    await town.hear(line(MARA, "prefiero seguir en español, gracias"))
    await town.hear(line(MARA, "ok, a person"))
    await town.work()
    assert await town.value("SELECT language FROM threads") == "es"
    assert "Eres el número 1 de la fila" in town.heard_by(MARA)[-1]


async def test_a_handoff_tells_the_customer_what_happens_although_nobody_is_online(town: Town) -> None:
    await town.handed_off(JOSE)
    await town.handed_off(MARA)
    assert town.heard_by(JOSE)[-1] == "You are number 1 in the line, and the answer comes here. " + NOBODY
    assert town.heard_by(MARA)[-2:] == [
        "A person will look at it.",
        "You are number 2 in the line, and the answer comes here. " + NOBODY,
    ]
    assert await town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 2


async def test_the_bot_never_says_a_person_comes_without_an_open_case_behind_it(town: Town) -> None:
    await town.opted_in(MARA)
    await town.hear(line(MARA, "I want a person"))
    while await town.one_round():
        if any("person" in said for said in town.heard_by(MARA)[2:]):
            assert await town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1
    assert town.heard_by(MARA)[-2] == "A person will look at it."


async def test_after_the_handoff_the_bot_is_silent(town: Town) -> None:
    await town.handed_off(MARA)
    heard, thought = len(town.street.lines), len(town.rasa.heard)
    await town.do(line(MARA, "hello?"), line(MARA, "are you there?"))
    await town.pass_time(timedelta(days=3))
    await town.work()
    assert (len(town.street.lines), len(town.rasa.heard)) == (heard, thought)


async def test_a_human_who_takes_over_while_the_bot_is_thinking_is_not_talked_over(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    said: list[str] = []

    async def a_person_takes_over() -> None:
        async with town.database.transaction("test") as session:
            thread = await threads.locked(session, thread_id)
            await cases.hand_off(session, thread, "taken over", "Mara waits.")
            said.extend(town.heard_by(MARA))

    town.rasa.while_thinking = a_person_takes_over
    await town.do(line(MARA, "hm"))
    assert town.heard_by(MARA) == said
    assert await town.value("SELECT delivery FROM messages ORDER BY seq DESC LIMIT 1") == "draft"


async def test_a_line_of_the_bot_that_waited_when_a_human_took_over_becomes_a_draft(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.hear(line(MARA, "hm"))
    await town.flow.handle_next()
    talking = await town.bot.claim_talk()
    assert not isinstance(talking, bool)
    await talking()
    async with town.database.transaction("test") as session:
        await cases.hand_off(session, await threads.locked(session, thread_id), "taken over", "Mara waits.")
    await town.work()
    assert "Question 2?" not in town.heard_by(MARA)
    assert await town.value("SELECT delivery FROM messages WHERE text = 'Question 2?'") == "draft"


async def test_without_rasa_the_customer_is_told_and_after_a_minute_gets_a_human(database: Database) -> None:
    town = Town(database, with_rasa=False)
    await town.opted_in(MARA)
    assert town.heard_by(MARA)[-1].startswith("One moment, I am getting ready.")
    await town.pass_time(30 * SECONDS)
    await town.work()
    assert await town.value("SELECT count(*) FROM cases") == 0
    await town.pass_time(31 * SECONDS)
    await town.work()
    assert await town.value("SELECT reason FROM cases") == "the bot was not available"
    assert sum("getting ready" in said for said in town.heard_by(MARA)) == 1


@pytest.mark.parametrize("nonsense", ["hello", {"a": 1}, [1, 2], [{"text": "x", "custom": {"triage_result": 1}}], 7])
async def test_a_rasa_that_talks_nonsense_gives_the_thread_to_a_human_with_the_reason(
    town: Town, nonsense: object
) -> None:
    await town.opted_in(MARA)
    town.rasa.nonsense = nonsense
    await town.do(line(MARA, "NW-1"))
    await town.pass_time(6 * SECONDS)
    await town.work()
    assert await town.value("SELECT reason FROM cases") == "the bot was not available"
    assert (await town.value("SELECT summary FROM cases")).startswith(COMPLAINT)


async def test_a_rasa_that_comes_back_in_time_goes_on_where_it_was(town: Town) -> None:
    await town.opted_in(MARA)
    town.rasa.is_down = True
    await town.do(line(MARA, "NW-1"))
    town.rasa.is_down = False
    await town.pass_time(3 * SECONDS)
    await town.work()
    assert town.heard_by(MARA)[-1] == "Question 2?"
    assert await town.value("SELECT count(*) FROM cases") == 0


@pytest.mark.parametrize(
    ("parts", "said"),
    [([], []), ([{"text": "One."}, {"text": ""}, {"text": "Two."}, {"text": "Three."}], ["One.", "Two.", "Three."])],
    ids=["empty", "in several parts"],
)
async def test_an_empty_answer_and_one_in_several_parts_come_through_whole(
    town: Town, parts: list[dict[str, object]], said: list[str]
) -> None:
    await town.opted_in(MARA)
    heard = len(town.street.lines)
    town.rasa.parts = parts
    await town.do(line(MARA, "hm"))
    assert town.heard_by(MARA)[heard:] == said
    assert await town.value("SELECT due_at > now() FROM threads")


async def test_a_turn_that_took_longer_than_its_lease_is_written_down_once(town: Town) -> None:
    """Another worker takes the thread while the first still waits for Rasa: one of the two answers counts."""
    await town.do(click(MARA, await town.offered(MARA)))
    await town.pass_time(timedelta(hours=1))
    await town.run("UPDATE threads SET talk = NULL, due_at = now()")
    first = await town.bot.claim_talk()
    await town.pass_time(16 * SECONDS)
    second = await town.bot.claim_talk()
    assert not isinstance(first, bool)
    assert not isinstance(second, bool)
    heard = len(town.street.lines)
    await asyncio.gather(first(), second())
    await town.work()
    assert len(town.street.lines) == heard + 1


async def test_thanks_after_the_end_begin_nothing_anew(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    await town.do(line(MARA, "It was order NW-20418"), line(MARA, "Are you there?"))
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "It is on its way.", client_id="1", seen_seq=99)
        await cases.close(session, thread_id, ana)
    town.rasa.intents = {"thank": "thanks_solved"}
    await town.do(line(MARA, "Thank you!"))
    assert town.heard_by(MARA)[-1].startswith("Glad that is settled.")
    assert await town.value("SELECT count(*) FROM cases") == 1
    assert (await town.thread(thread_id)).ended_why == "solved"


async def test_a_second_handoff_of_a_returning_customer_works(town: Town) -> None:
    thread_id, ana, ben = await town.handed_off(MARA), await town.hired(ANA), await town.hired(BEN)
    for agent, said in ((ana, "It came, but broken"), (ben, "And the new one too")):
        async with town.database.transaction("test") as session:
            await cases.claim(session, thread_id, agent)
            await cases.close(session, thread_id, agent)
        await town.do(line(MARA, said))
        assert await town.value("SELECT summary FROM cases WHERE closed_at IS NULL") == said
        assert town.heard_by(MARA)[-1].endswith("number 1 in the line, and the answer comes here. " + NOBODY)
    assert await town.value("SELECT count(*) FROM cases") == 3


async def test_who_writes_on_while_the_bot_says_goodbye_is_heard(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "It is solved"), line(MARA, "No wait, it broke again!"))
    assert await town.value("SELECT summary FROM cases WHERE closed_at IS NULL") == "No wait, it broke again!"


async def test_a_solved_problem_ends_the_thread(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.do(line(MARA, "It is solved"))
    thread = await town.thread(thread_id)
    assert (thread.ended_why, thread.cases, town.heard_by(MARA)[-1]) == ("solved", [], "Glad to hear it.")


async def test_what_rasa_found_out_is_on_the_case(town: Town) -> None:
    thread = await town.thread(await town.handed_off(MARA))
    (case,) = thread.cases
    assert (case.intent, case.summary, case.found) == (
        "order_missing",
        "A parcel is missing.",
        {"order_number": "NW-1"},
    )


@pytest.mark.parametrize(
    "said",
    [
        "NUL \x00 in it",
        "half \ud83d a pair",
        "🌸🌸🌸",
        "نور تنتظر منذ أسبوع",
        "",
        " ",
        "x" * 5000,
        "/restart",
        "%s {0} '; --",
    ],
    ids=["NUL", "surrogate", "emoji", "right to left", "empty", "blank", "5,000 characters", "command", "code"],
)
async def test_whatever_is_typed_is_heard_and_answered(town: Town, said: str) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, said))
    assert town.heard_by(MARA)[-1] == "Question 2?"
    assert await town.value("SELECT count(*) FROM updates WHERE handled_at IS NULL OR trouble IS NOT NULL") == 0


async def test_a_rasa_that_is_killed_in_the_middle_of_a_triage_loses_nothing(
    database: Database, rasa: RasaServer
) -> None:
    async with rasa.client() as client:
        town = Town(database, real_rasa=client)
        await town.opted_in(MARA, "Help! My Northwind order NW-20418 has not arrived.")
        asked = len(town.street.lines)
        rasa.kill()
        try:
            await town.do(line(MARA, "Yes, that is right"))
            assert town.heard_by(MARA)[asked].startswith("One moment, I am getting ready.")
        finally:
            await asyncio.to_thread(rasa.start)
        await town.pass_time(3 * SECONDS)
        await town.work()
        assert len(town.street.lines) > asked + 1
        assert await town.value("SELECT count(*) FROM cases WHERE reason = 'the bot was not available'") == 0
        await town.do(line(MARA, "I want to talk to a person"))
        assert await town.value("SELECT found ->> 'order_number' FROM cases") == "NW-20418"
