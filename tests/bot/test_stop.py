"""STOP works everywhere: any channel, any state, any language offered, in under a second, for ever."""

import asyncio
import multiprocessing
import os
import signal
from datetime import timedelta

import pytest

from bot import offer, stop
from bot.channel import Blocked, Edited, NeverDeliverable, PrivateMessage, TryLater
from bot.stop import is_stop
from handoff import cases, errors, people
from handoff.database import Database
from tests.bot.town import Town, click, line, mention, post
from tests.cast import ANA, MARA, TROLL

DONE = "Done. You will not hear from us again."
TERMS = offer.Terms(b"key", "Northwind", timedelta(days=30))


@pytest.mark.parametrize(
    "said",
    [
        *("stop", "STOP!", " Stop. ", "please stop", "Stop it now, please", "stop 🛑", "@northwind stop", "ＳＴＯＰ"),
        *("STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "REVOKE", "OPTOUT", "opt-out", "QUIT", "don’t contact me"),
        *("para por favor", "BASTA", "dejame en paz", "Déjame en paz", "No me escribas"),
        *("stopp bitte", "aufhören", "AUFHOREN", "lass mich in Ruhe", "abmelden"),
        *("arrêtez", "ARRETEZ", "arrete svp", "ne m’écrivez plus", "désabonner"),
        *("σταμάτα", "ΣΤΑΜΑΤΑ", "σταματήστε παρακαλώ", "ΤΕΛΟΣ", "μη μου γράφετε"),
    ],
)
def test_stop_alone_stops(said: str) -> None:
    assert is_stop(said)


@pytest.mark.parametrize(
    "said",
    [
        *("they must stop this", "stop sending broken lamps", "the bus stop", "", "🛑", "please", "thank you", "it"),
        *("I want to cancel my order", "end of story: refund me", "no para de sonar", "am Ende ging es", "stop" * 100),
    ],
)
def test_a_sentence_with_stop_in_it_does_not(said: str) -> None:
    assert not is_stop(said)


async def test_a_stop_before_the_offer_goes_out_keeps_it_in(town: Town) -> None:
    town.street.outcomes.append(TryLater(5, "too many"))
    await town.do(post(MARA), post(MARA, "stop"))
    await town.pass_time(timedelta(seconds=6))
    await town.work()
    assert town.street.offers == []
    assert await town.value("SELECT state FROM offers") == "suppressed"


async def test_a_stop_in_the_middle_of_triage_ends_it_and_is_confirmed_once(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.do(line(MARA, "Stop please"), line(MARA, "STOP"))
    thread = await town.thread(thread_id)
    assert (thread.ended_why, [said.startswith(DONE) for said in town.heard_by(MARA)].count(True)) == ("stopped", 1)
    heard = len(town.street.lines)
    await town.pass_time(timedelta(days=2))
    await town.work()
    assert len(town.street.lines) == heard


async def test_a_stop_to_an_agent_closes_the_case_and_nothing_more_can_be_said(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    await town.do(line(MARA, "stop"))
    assert await town.value("SELECT closed_at IS NOT NULL FROM cases")
    with pytest.raises(errors.Stopped):
        async with town.database.transaction("test") as session:
            await cases.reply(session, thread_id, ana, "But wait", client_id="1", seen_seq=99)


async def test_a_reply_that_waits_is_kept_back_by_a_stop(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        said = await cases.reply(session, thread_id, ana, "On its way", client_id="1", seen_seq=99)
    await town.hear(line(MARA, "stop"))
    await town.flow.handle_next()
    assert said is not None
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said.id) == "withheld"
    await town.work()
    assert "On its way" not in town.heard_by(MARA)


async def test_a_stop_after_the_end_is_kept_and_confirmed_too(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Bye", client_id="1", seen_seq=99, undo=timedelta(minutes=1))
        await cases.close(session, thread_id, ana)
    await town.do(line(MARA, "stop"))
    await town.pass_time(timedelta(minutes=2))
    await town.work()
    assert town.heard_by(MARA)[-1].startswith(DONE)
    assert "Bye" not in town.heard_by(MARA)
    await town.pass_time(timedelta(days=60))
    await town.do(post(MARA))
    assert len(town.street.offers) == 1


async def test_a_stop_in_public_counts_from_whoever_we_offered_help_even_long_ago(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(timedelta(days=9))
    await town.bot.forget()
    await town.do(post(MARA, "@northwind STOP"))
    await town.pass_time(timedelta(days=31))
    await town.do(post(MARA))
    assert len(town.street.offers) == 1


async def test_a_stop_to_our_account_counts_whatever_it_is_called(town: Town) -> None:
    town.x.handle = "nw_care"
    await town.do(mention(MARA))
    await town.do(mention(MARA, "@nw_care STOP", summons=False))
    assert await town.value("SELECT stopped_by FROM promises") == "a word in public"


async def test_a_stranger_who_says_stop_to_somebody_else_is_not_written_down(town: Town) -> None:
    await town.do(post(TROLL, "stop"))
    assert await town.value("SELECT count(*) FROM promises") == 0


async def test_whoever_holds_the_link_can_stop_us_and_do_nothing_else(town: Town) -> None:
    token = await town.offered(MARA)
    assert await town.flow.on_stop(token, "page", proven=False) == "stopped"
    assert await town.flow.on_stop("no-such-token", "page", proven=False) == "unknown"
    assert (await town.flow.on_click(click(MARA, token))).outcome == "stopped"
    assert await town.value("SELECT stopped_by FROM promises") == "page"


async def test_who_blocks_us_said_stop_and_gets_no_confirmation(town: Town) -> None:
    await town.opted_in(MARA)
    heard = len(town.street.lines)
    await town.do(Blocked("telegram", "block-1", MARA, line(MARA, "").at))
    assert len(town.street.lines) == heard
    assert await town.value("SELECT ended_why FROM threads") == "stopped"


async def test_a_line_that_bounces_off_a_block_is_a_stop(town: Town) -> None:
    await town.opted_in(MARA)
    town.street.outcomes.append(NeverDeliverable("blocked", blocked=True))
    await town.do(line(MARA, "Hello"))
    assert await town.value("SELECT stopped_by FROM promises") == "blocked us"


async def test_rasa_understands_a_stop_that_is_no_single_word(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "I do not want this, leave me in peace"))
    assert town.heard_by(MARA)[-1].startswith(DONE)
    assert "I will." not in town.heard_by(MARA)


async def test_a_line_after_a_stop_is_kept_and_not_answered(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.do(line(MARA, "stop"))
    heard = len(town.street.lines)
    await town.do(line(MARA, "and another thing"))
    assert len(town.street.lines) == heard
    assert (await town.thread(thread_id)).messages[-1].text == "and another thing"


async def test_who_said_stop_may_start_again_and_no_offer_is_ever_made_again(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "stop"))
    await town.do(click(MARA, None))
    assert await town.value("SELECT count(*) FROM opt_ins") == 2
    await town.do(line(MARA, "It is solved"))
    await town.pass_time(timedelta(days=60))
    await town.do(post(MARA))
    assert len(town.street.offers) == 1


async def test_a_stop_of_somebody_we_never_saw_is_kept(town: Town) -> None:
    await town.do(line(MARA, "stop"))
    assert town.street.lines == []
    await town.do(post(MARA))
    assert town.street.offers == []


async def test_a_stop_is_kept_before_anything_else_is_done(town: Town) -> None:
    await town.handed_off(MARA)
    said = PrivateMessage("telegram", "now", MARA, "stop", line(MARA, "").at)
    await town.flow.on_message(said)
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")


async def test_a_claim_that_comes_after_a_stop_waits_for_it_and_gives_up(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    account = await town.value("SELECT account FROM promises")
    async with town.database.transaction("stop") as stopping:
        await stop.stop(stopping, account, "a word", "Northwind")
        claiming = asyncio.create_task(town.bot.claim_offer())
        await asyncio.sleep(0.3)
        assert not claiming.done()
    assert await claiming is True
    assert await town.value("SELECT count(*) FROM attempts") == 0
    assert await town.bot.claim_offer() is False


async def test_a_stop_that_comes_after_a_claim_waits_for_it(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    account = await town.value("SELECT account FROM promises")

    async def say_stop() -> None:
        async with town.database.transaction("stop") as session:
            await stop.stop(session, account, "a word", "Northwind")

    async with town.database.transaction("claim") as session:
        assert isinstance(await offer.claim(session, TERMS), offer.Claimed)
        stopping = asyncio.create_task(say_stop())
        await asyncio.sleep(0.3)
        assert not stopping.done()
    await stopping
    assert await town.value("SELECT state FROM attempts") == "intent"
    assert await town.value("SELECT ended_why FROM threads") == "stopped"


async def test_a_stop_and_a_click_at_once_end_in_one_of_two_ways(town: Town) -> None:
    token = await town.offered(MARA)
    clicked, _ = await asyncio.gather(
        town.flow.on_click(click(MARA, token)), town.flow.on_stop(token, "page", proven=True)
    )
    assert clicked.outcome in ("opted_in", "stopped")
    await town.work()
    thread = await town.thread(await town.value("SELECT id FROM threads"))
    assert thread.ended_why == "stopped"
    async with town.database.reading() as session:
        assert not await people.may_talk(session, thread)


def _stop_and_die(url: str, token: str, failpoint: str) -> None:
    """Be the page's process that is killed in the middle of a STOP."""
    os.environ["KNOCK_FAILPOINT"] = f"{failpoint}#1"
    asyncio.run(Town(Database(url)).flow.on_stop(token, "page", proven=True))


@pytest.mark.parametrize(("failpoint", "kept"), [("before", False), ("after", True)])
async def test_a_process_that_is_killed_while_it_stops_kept_it_wholly_or_not_at_all(
    town: Town, failpoint: str, kept: bool
) -> None:
    token = await town.offered(MARA)
    url = town.database.url.render_as_string(hide_password=False)
    arguments = (url, token, f"flow.stop: {failpoint} commit")
    process = multiprocessing.get_context("spawn").Process(target=_stop_and_die, args=arguments)
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises") is kept
    assert await town.value("SELECT ended_at IS NOT NULL FROM threads") is kept
    assert await town.flow.on_stop(token, "page", proven=True) == "stopped"
    assert await town.value("SELECT ended_why FROM threads") == "stopped"


async def test_whoever_holds_another_link_of_the_person_cannot_end_a_chat_that_is_open(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.run("UPDATE threads SET ended_at = now(), ended_why = 'closed', due_at = NULL")
    await town.pass_time(timedelta(days=40))
    token = await town.offered(MARA, "Help! My Northwind lamp is broken.")
    await town.do(line(MARA, "Hello again"))
    thread_id = await town.value("SELECT max(thread_id) FROM opt_ins")
    assert await town.flow.on_stop(token, "page", proven=False) == "theirs"
    assert await town.value("SELECT stopped_at FROM promises") is None
    assert (await town.thread(thread_id)).ended_at is None
    assert await town.flow.on_stop(token, "page", proven=True) == "stopped"


async def test_a_word_to_somebody_else_in_public_stops_nothing(town: Town) -> None:
    await town.handed_off(MARA)
    await town.do(post(MARA, "@bob stop please"))
    assert await town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1


async def test_the_line_that_says_stop_stays_in_the_thread(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await town.do(line(MARA, "Cancel, please"))
    thread = await town.thread(thread_id)
    assert "Cancel, please" in [message.text for message in thread.messages]
    assert thread.ended_why == "stopped"


async def test_a_line_edited_into_a_stop_is_one(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = line(MARA, "Wait")
    await town.do(said)
    await town.do(Edited(said.channel, said.id, said.author, "STOP", said.at))
    assert (await town.thread(thread_id)).ended_why == "stopped"
