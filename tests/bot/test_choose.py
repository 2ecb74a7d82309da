"""Who wishes it is deleted, everywhere and at once, whatever else happens meanwhile; a STOP and our promises stay."""

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.brand import read_brand
from bot.channel import Blocked, TryLater
from bot.choose import Choose
from handoff import cases, errors, receipts
from handoff.database import Database
from handoff.models import Agent, Thread
from nlu.rasa import Rasa
from tests.bot.test_forget import DAYS, HOURS, SAID, trace_of
from tests.bot.town import BRAND, Town, click, line, post
from tests.cast import ANA, MARA


async def choices(town: Town) -> Choose:
    """The choices of the one customer of the town."""
    return Choose(town.database, read_brand(BRAND), await town.value("SELECT account FROM customers"))


async def full_house(town: Town) -> tuple[int, Agent]:
    """Mara has two threads, a case with findings, notes, a reply that waits, and updates that nobody could read."""
    await town.opted_in(MARA, SAID)
    await (await choices(town)).end()
    await town.pass_time(31 * DAYS)
    thread_id, ana = await town.handed_off(MARA, SAID + " Again!"), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.note(session, thread_id, ana, "Mara lives in Orchard Lane", client_id="note")
        await cases.reply(session, thread_id, ana, "To Orchard Lane?", client_id="1", seen_seq=99, undo=HOURS)
    await town.run("UPDATE cases SET found = '{\"address\": \"Orchard Lane 5\"}', summary = 'Orchard Lane'")
    for number, payload in enumerate(('{"by": {"id": 1001}, "text": "Orchard"}', '{"by": "@MARA_K"}', '{"by": 11001}')):
        values = "('telegram', :number, CAST(:payload AS jsonb), now(), 'odd')"
        await town.run(
            f"INSERT INTO updates (channel, external_id, payload, handled_at, trouble) VALUES {values}",
            number=f"odd-{number}",
            payload=payload,
        )
    return thread_id, ana


async def test_who_wishes_it_is_deleted_everywhere_at_once(town: Town) -> None:
    thread_id, _ = await full_house(town)
    offered_at = await town.value("SELECT offered_at FROM promises")
    assert len(await trace_of(town, "Orchard", "mara", MARA.id)) > 5
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    assert await trace_of(town, "Orchard", "mara", "Help, Northwind", "NW-1") == []
    assert await trace_of(town, MARA.id) == ["updates.payload: 1001"], "of somebody else, whose number is longer"
    await town.pass_time(2 * HOURS)
    heard = len(town.street.lines)
    await town.work()
    assert len(town.street.lines) == heard, "the reply that waited is kept back"
    thread = await town.thread(thread_id)
    assert (thread.ended_why, len(thread.messages)) == ("deleted at the customer's wish", thread.last_seq)
    assert {case.summary for case in thread.cases} == {"Deleted at the customer's wish."}
    assert all(case.closed_at for case in thread.cases)
    assert await town.value("SELECT count(*) FROM threads WHERE ended_why LIKE 'deleted%'") == 2
    assert await town.value("SELECT count(*) FROM receipts") == 2
    assert await town.value("SELECT offered_at FROM promises") == offered_at - 2 * HOURS


async def test_who_was_deleted_and_complains_again_gets_no_second_offer_in_the_cool_down(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    await town.do(post(MARA, SAID))
    assert len(town.street.offers) == 1
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []


@pytest.mark.parametrize("by", ["before", "with", "after"])
async def test_a_stop_survives_the_deletion_of_everything_else(town: Town, by: str) -> None:
    token = await town.offered(MARA, SAID)
    await town.do(click(MARA, token))
    choose = await choices(town)
    if by == "before":
        await town.do(line(MARA, "stop"))
    await choose.be_forgotten(MARA.id, stopped=by == "with")
    if by == "after":
        assert await town.flow.on_stop(token, "page", proven=True) == "stopped"
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")
    heard = len(town.street.lines)
    await town.pass_time(60 * DAYS)
    await town.do(post(MARA, SAID), line(MARA, "stop"))
    assert (len(town.street.offers), len(town.street.lines)) == (1, heard)
    assert await trace_of(town, "Orchard", "mara_k") == []


async def test_the_link_of_somebody_who_was_deleted_leads_nowhere(town: Town) -> None:
    token = await town.offered(MARA)
    await town.do(click(MARA, token))
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    landing = await town.flow.landing(token)
    assert landing is not None
    assert (landing.expired, landing.opted_in) == (True, False)
    assert (await town.flow.on_click(click(MARA, token))).outcome == "expired"


async def test_who_was_deleted_and_writes_again_begins_anew(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    await town.do(line(MARA, "Hello, a new thing"))
    new = await town.value("SELECT max(thread_id) FROM opt_ins")
    assert new > thread_id
    assert (await town.thread(thread_id)).ended_why == "deleted at the customer's wish"
    assert [message.text for message in (await town.thread(new)).messages if message.kind == "post"] == []


async def test_nothing_is_written_into_what_was_deleted(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    with pytest.raises(errors.Erased):
        async with town.database.transaction("test") as session:
            await cases.note(session, thread_id, ana, "It was Mara", client_id="1")
    with pytest.raises(errors.AlreadyClosed):
        async with town.database.transaction("test") as session:
            await cases.reply(session, thread_id, ana, "Mara?", client_id="2", seen_seq=99)


async def test_a_bot_that_thinks_meanwhile_brings_nothing_back(town: Town) -> None:
    await town.opted_in(MARA, SAID)
    choose = await choices(town)
    town.street.posts = [post(MARA, SAID, await town.value("SELECT external_id FROM messages WHERE kind = 'post'"))]
    town.rasa.while_thinking = lambda: choose.be_forgotten(MARA.id, stopped=False)
    heard = len(town.street.lines)
    await town.do(line(MARA, "I want a person in Orchard Lane"))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert len(town.street.lines) == heard


async def test_a_line_that_is_being_sent_meanwhile_leaves_no_trace(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    choose = await choices(town)
    town.street.outcomes.append("1001:77")
    town.street.while_sending = lambda: choose.be_forgotten(MARA.id, stopped=False)
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Orchard Lane it is", client_id="1", seen_seq=99)
    await town.work()
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []


@pytest.mark.parametrize("round_", range(6))
async def test_all_at_once_ends_in_nothing_left_and_nobody_waits_for_ever(town: Town, round_: int) -> None:
    thread_id, ana = await town.handed_off(MARA, SAID), await town.hired(ANA)
    choose, brand = await choices(town), read_brand(BRAND)

    async def reply(number: int) -> None:
        with suppress(errors.Refusal):
            async with town.database.transaction("test") as session:
                said = f"Orchard {number}"
                await cases.reply(session, thread_id, ana, said, client_id=f"{number}", seen_seq=99)

    everybody = [
        *(reply(number) for number in range(3)),
        *(town.one_round() for _ in range(3)),
        choose.agree("keep", "en", brand.consent.version),
        choose.end(),
        choose.answer(False),
        choose.be_forgotten(MARA.id, stopped=bool(round_ % 2)),
        choose.be_forgotten(MARA.id, stopped=False),
        town.bot.forget(),
    ]
    shuffled = random.Random(round_).sample(everybody, len(everybody))
    await asyncio.wait_for(asyncio.gather(*shuffled), 30)
    await town.work()
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert await town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 0


def _choose_and_die(url: str, account: str, what: str, failpoint: str) -> None:
    """Be the page's process that is killed in the middle of a choice."""
    os.environ["KNOCK_FAILPOINT"] = f"choose.{what}: {failpoint} commit#1"
    brand = read_brand(BRAND)
    choose = Choose(Database(url), brand, account)
    choices: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "agree": lambda: choose.agree("keep", "en", brand.consent.version),
        "take_back": lambda: choose.take_back("talk"),
        "end": choose.end,
        "answer": lambda: choose.answer(False),
        "be_forgotten": lambda: choose.be_forgotten(MARA.id, stopped=True),
    }
    asyncio.run(choices[what]())


async def everything(town: Town) -> str:
    """All that is written down."""
    tables = ("promises", "customers", "threads", "messages", "offers", "attempts", "cases", "receipts", "visits")
    parts = [await town.value(f"SELECT json_agg(t ORDER BY t::text)::text FROM {table} t") for table in tables]
    return "\n".join(part or "" for part in parts)


@pytest.mark.parametrize("what", ["agree", "take_back", "end", "answer", "be_forgotten"])
async def test_a_process_that_is_killed_did_what_was_chosen_wholly_or_not_at_all(town: Town, what: str) -> None:
    await town.handed_off(MARA, SAID)
    if what == "answer":
        await (await choices(town)).end()
    url = town.database.url.render_as_string(hide_password=False)
    account, before = await town.value("SELECT account FROM customers"), await everything(town)
    for failpoint in ("before", "after"):
        arguments = (url, account, what, failpoint)
        process = multiprocessing.get_context("spawn").Process(target=_choose_and_die, args=arguments)
        process.start()
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == -signal.SIGKILL
        assert (await everything(town) == before) is (failpoint == "before")
    if what == "be_forgotten":
        assert await trace_of(town, "Orchard", "mara", MARA.id) == []
        assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")


async def test_rasa_forgets_too_even_if_it_was_away_at_first(town: Town) -> None:
    asked: list[str] = []
    away = [True]

    async def rasa(request: httpx.Request) -> httpx.Response:
        if away and away.pop():
            raise httpx.ConnectError("nobody is there")
        asked.append(f"{request.method} {request.url.path} {request.content.decode()}")
        return httpx.Response(200, json={})

    thread_id = await town.opted_in(MARA)
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    client = Rasa("http://127.0.0.1:1", "token", httpx.AsyncClient(transport=httpx.MockTransport(rasa)))
    there = Town(town.database, real_rasa=client)
    await there.bot.forget()
    await there.bot.forget()
    assert asked == [f"PUT /conversations/thread-{thread_id}/tracker/events []"]
    await town.pass_time(HOURS)
    await there.bot.forget()
    assert len(asked) == 1


async def say_stop(town: Town, how: str, token: str) -> None:
    """STOP, in one of the ways there are."""
    choose = await choices(town)
    match how:
        case "a word":
            await town.flow.on_message(line(MARA, "stop"))
        case "the page":
            await town.flow.on_stop(token, "page", proven=True)
        case "the consent":
            await choose.take_back("talk")
        case "a block":
            await town.hear(Blocked("telegram", "block-1", MARA, line(MARA, "").at))
            await town.flow.handle_next()
        case _:
            await choose.be_forgotten(MARA.id, stopped=True)


@pytest.mark.parametrize("how", ["a word", "the page", "the consent", "a block", "being deleted"])
async def test_after_a_stop_nothing_that_waited_goes_out_however_it_was_said(database: Database, how: str) -> None:
    town = Town(database, settings={"cool_down_days": 0})
    thread_id, ana = await town.handed_off(MARA, SAID), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Soon", client_id="1", seen_seq=99, undo=timedelta(minutes=1))
        await cases.close(session, thread_id, ana)
    town.street.outcomes.append(TryLater(5, "too many"))
    await town.do(post(MARA, "Help, and my Northwind lamp!"))
    assert await town.value("SELECT count(*) FROM offers WHERE state = 'ready'") == 1
    assert await town.value("SELECT count(*) FROM messages WHERE delivery = 'pending'") == 1
    await say_stop(town, how, town.street.offers[-1].token)
    assert await town.value("SELECT count(*) FROM offers WHERE state = 'ready'") == 0
    heard = town.heard_by(MARA)
    for _ in range(3):
        await town.pass_time(timedelta(minutes=2))
        await town.work()
        await town.bot.settle_doubts()
    said = [text for text in town.heard_by(MARA)[len(heard) :] if not text.startswith("Done. You will not hear")]
    assert (len(town.street.offers), said) == (1, [])
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")


async def test_a_yes_of_an_earlier_chat_is_shown_and_taken_back_in_every_chat(town: Town) -> None:
    first = await town.opted_in(MARA, SAID)
    version = read_brand(BRAND).consent.version
    await (await choices(town)).agree("training", "en", version)
    await (await choices(town)).end()
    await town.pass_time(31 * DAYS)
    second = await town.opted_in(MARA, SAID + " Again!")
    assert first != second
    async with town.database.reading() as session:
        thread = await session.get_one(Thread, second)
        turns = await receipts.history_of(session, thread.customer_id)
        assert [turn.given for turn in turns if turn.purpose == "training"] == [True]
    await (await choices(town)).take_back("training")
    async with town.database.reading() as session:
        standing = await receipts.standing(session, first)
    assert not standing["training"].given
