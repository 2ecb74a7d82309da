"""The promises, kept by the database itself: what wrong code might send is refused, in one sentence each."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from bot.channel import Unknown
from tests.bot.town import Town, line, post
from tests.cast import ANA, MARA


async def refused(town: Town, sentence: str, statement: str) -> None:
    """The record refuses a statement, or its commit, and says why."""
    with pytest.raises(DBAPIError, match=sentence):
        await town.run(statement)


async def in_doubt(town: Town) -> None:
    """An offer whose answer got lost."""
    town.street.outcomes.append(Unknown("no answer"))
    await town.do(post(MARA))


async def test_one_offer_ever_has_no_second_live_attempt(town: Town) -> None:
    await in_doubt(town)
    await refused(town, "uq_attempts_live", "INSERT INTO attempts (offer_id, n) SELECT id, 2 FROM offers")


async def test_one_offer_ever_has_no_second_row_for_the_same_problem(town: Town) -> None:
    await town.offered(MARA)
    await town.run("UPDATE threads SET ended_at = now()")
    await town.run(
        "INSERT INTO threads (customer_id, channel, brand, language) SELECT id, channel, 'B', 'en' FROM customers"
    )
    await refused(
        town,
        "uq_offers_account",
        """INSERT INTO offers (thread_id, account, problem, post_id, text, label, expires_at)
           SELECT (SELECT max(id) FROM threads), account, problem, post_id, text, label, now() FROM offers""",
    )


async def test_what_is_in_doubt_never_becomes_not_sent(town: Town) -> None:
    await in_doubt(town)
    for state in ("not_sent", "intent"):
        await refused(town, "can only turn out to be sent", f"UPDATE attempts SET state = '{state}'")
    await refused(town, "not made ready again", "UPDATE offers SET state = 'ready'")
    await town.run("UPDATE attempts SET state = 'sent'")


async def test_what_was_sent_stays_sent(town: Town) -> None:
    await town.offered(MARA)
    for state in ("not_sent", "intent", "in_doubt"):
        await refused(town, "stays sent", f"UPDATE attempts SET state = '{state}'")
    await refused(town, "not made ready again", "UPDATE offers SET state = 'ready'")


async def test_an_attempt_that_was_not_sent_is_over(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    await town.run("INSERT INTO attempts (offer_id, n, state) SELECT id, 1, 'not_sent' FROM offers")
    await refused(town, "is over", "UPDATE attempts SET state = 'sent'")


async def test_an_offer_is_sent_only_by_an_attempt(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    await refused(town, "only by an attempt that was sent", "UPDATE offers SET state = 'sent'")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("attempts", "an attempt is never deleted"),
        ("offers", "an offer is never deleted|violates foreign key"),
        ("opt_ins", "an opt-in is never changed or deleted"),
        ("promises", "a promise is never deleted"),
    ],
)
async def test_what_proves_a_promise_is_never_deleted(town: Town, table: str, sentence: str) -> None:
    await town.opted_in(MARA)
    await refused(town, sentence, f"DELETE FROM {table}")


async def test_an_opt_in_is_never_changed(town: Town) -> None:
    await town.opted_in(MARA)
    await refused(town, "never changed", "UPDATE opt_ins SET wording = 'anything goes'")


@pytest.mark.parametrize(
    "said",
    [
        "(thread_id, seq, kind, by, text, at) SELECT id, 99, 'chat', 'bot', 'Psst', now() FROM threads",
        "(thread_id, seq, kind, by, text, at, delivery) "
        "SELECT id, 99, 'event', 'bot', 'Psst', now(), 'pending' FROM threads",
    ],
    ids=["a chat line", "an event that is sent"],
)
async def test_no_private_word_before_an_opt_in(town: Town, said: str) -> None:
    await town.offered(MARA)
    await refused(town, "no private word before an opt-in", f"INSERT INTO messages {said}")
    await refused(town, "no private word|delivery_is_private", "UPDATE messages SET delivery = 'pending'")


async def test_a_note_never_leaves_the_house(town: Town) -> None:
    await town.handed_off(MARA)
    await town.hired(ANA)
    note = """INSERT INTO messages (thread_id, seq, kind, by, agent_id, text, at, delivery)
        SELECT t.id, 99, 'note', 'agent', a.id, 'She is annoyed.', now(), {} FROM threads t, agents a"""
    await refused(town, "note_stays_in_the_house|delivery_is_private", note.format("'pending'"))
    await town.run(note.format("NULL"))
    await refused(
        town, "note_stays_in_the_house|delivery_is_private", "UPDATE messages SET delivery = 'sent' WHERE kind = 'note'"
    )


async def test_nobody_who_opted_in_is_lost(town: Town) -> None:
    """Neither without a speaker, nor with a bot that has no timer, nor with a team that has no case."""
    thread_id = await town.opted_in(MARA)
    await refused(town, "needs somebody who speaks", "UPDATE threads SET speaker = 'nobody'")
    await refused(town, "bot_has_timer", "UPDATE threads SET due_at = NULL")
    await refused(town, "needs an open case", "UPDATE threads SET speaker = 'team'")
    await town.do(line(MARA, "I want a person"))
    await refused(town, "needs an open case", "UPDATE cases SET closed_at = now()")
    await refused(town, "needs an open case", f"UPDATE cases SET closed_at = now() WHERE thread_id = {thread_id}")


async def test_a_thread_has_one_open_case_and_a_customer_one_open_thread(town: Town) -> None:
    await town.handed_off(MARA)
    await refused(
        town, "uq_cases_open", "INSERT INTO cases (thread_id, reason, summary) SELECT id, 'a', 'b' FROM threads"
    )
    await refused(
        town,
        "uq_threads_open",
        "INSERT INTO threads (customer_id, channel, brand, language) SELECT id, channel, 'B', 'en' FROM customers",
    )


async def test_a_thread_has_one_message_at_each_place(town: Town) -> None:
    await town.opted_in(MARA)
    again = "(thread_id, seq, kind, by, text, at) SELECT id, 1, 'event', 'bot', 'x', now() FROM threads"
    await refused(town, "uq_messages_thread_id", f"INSERT INTO messages {again}")


async def test_stop_works_even_against_wrong_code(town: Town) -> None:
    """No attempt to offer can be written down for somebody who said STOP."""
    await town.hear(post(MARA))
    await town.flow.handle_next()
    await town.run("UPDATE promises SET stopped_at = now()")
    await refused(town, "no offer after a STOP", "INSERT INTO attempts (offer_id, n) SELECT id, 1 FROM offers")


async def test_two_that_write_an_attempt_at_once_do_not_both_get_it(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    attempt = "INSERT INTO attempts (offer_id, n) SELECT id, {} FROM offers"

    async def write(n: int) -> bool:
        try:
            await town.run(attempt.format(n))
        except DBAPIError:
            return False
        return True

    assert sorted(await asyncio.gather(*(write(n) for n in range(1, 6)))) == [False] * 4 + [True]


async def test_the_first_update_of_a_day_long_gone_is_still_known(town: Town) -> None:
    """Twins are told apart by their id for ever, not for as long as some window is open."""
    late = post(MARA, post_id="town:1")
    await town.do(late)
    await town.pass_time(timedelta(days=400))
    await refused(
        town, "uq_updates", "INSERT INTO updates (channel, external_id) SELECT channel, external_id FROM updates"
    )
