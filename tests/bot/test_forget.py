"""Before an opt-in we keep as little as we can; after it, no longer than we said."""

from datetime import timedelta

import httpx
from sqlalchemy import func, select, text

from bot import forget, gather
from bot.channel import TryLater
from bot.settings import BotSettings
from handoff import cases, people, threads
from handoff.database import Database
from handoff.models import Customer, Message
from nlu.rasa import Rasa
from tests.bot.town import COMPLAINT, Town, click, line, post
from tests.cast import AIKO, ANA, JOSE, MARA, NOOR

DAYS, HOURS = timedelta(days=1), timedelta(hours=1)
SAID = "Help, Northwind, the parcel for Orchard Lane 5!"


async def trace_of(town: Town, *words: str) -> list[str]:
    """Where in the whole record any of these words still stands, as table and column."""
    return await trace(town.database, *words)


async def trace(database: Database, *words: str) -> list[str]:
    """The same of a record."""
    columns = """SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
        AND data_type IN ('text', 'character varying', 'jsonb')"""
    found: list[str] = []
    async with database.reading() as session:
        for table, column in (await session.execute(text(columns))).all():
            for word in words:
                query = f"SELECT count(*) FROM {table} WHERE {column}::text ILIKE :word"
                if (await session.execute(text(query), {"word": f"%{word}%"})).scalar():
                    found.append(f"{table}.{column}: {word}")
    return sorted(found)


async def test_before_an_opt_in_we_keep_as_little_as_we_can(town: Town) -> None:
    """The words and the name of a stranger are gone after a day; that we offered help is known for ever."""
    await town.offered(MARA, SAID)
    await town.pass_time(23 * HOURS)
    await town.bot.forget()
    assert await trace_of(town, "Orchard") == ["messages.text: Orchard"]
    await town.pass_time(2 * HOURS)
    await town.bot.forget()
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert await town.value("SELECT offered_at IS NOT NULL FROM promises")


async def test_of_a_post_that_is_no_mention_nothing_is_kept(town: Town) -> None:
    await town.do(post(MARA, "Lovely weather on Orchard Lane"))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert await town.value("SELECT outcome FROM tallies") == "low score"


async def test_of_somebody_who_is_not_offered_help_no_name_is_kept(town: Town) -> None:
    await town.offered(MARA, SAID)
    await town.pass_time(10 * DAYS)
    await town.bot.forget()
    await town.do(post(MARA, SAID))
    assert await town.value("SELECT outcome FROM tallies WHERE outcome = 'offered before'")
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []


async def test_a_second_post_of_a_stranger_is_forgotten_with_the_first(town: Town) -> None:
    await town.offered(MARA, SAID)
    await town.pass_time(25 * HOURS)
    await town.bot.forget()
    await town.do(post(MARA, SAID))
    await town.bot.forget()
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []


async def test_a_link_that_nobody_used_ends_its_thread(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(8 * DAYS)
    await town.bot.forget()
    assert await town.value("SELECT ended_why FROM threads") == "the link was not used"


async def test_what_is_forgotten_is_still_counted(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(2 * DAYS)
    await town.bot.forget()
    thread = await town.thread(await town.value("SELECT id FROM threads"))
    assert [(message.seq, message.text, message.deleted_at is None) for message in thread.messages] == [
        (1, "", False),
        (2, "", False),
    ]


async def test_who_comes_after_a_day_still_has_a_thread_with_what_can_be_read_again(town: Town) -> None:
    token = await town.offered(MARA)
    first = await town.value("SELECT external_id FROM messages WHERE kind = 'post'")
    await town.pass_time(25 * HOURS)
    await town.bot.forget()
    town.street.posts = [post(MARA, COMPLAINT, first)]
    await town.do(click(MARA, token))
    thread = await town.thread(await town.value("SELECT thread_id FROM opt_ins"))
    assert [message.text for message in thread.messages if message.kind == "post"] == [COMPLAINT]


async def test_a_chat_is_kept_as_long_as_we_said_and_no_longer(town: Town) -> None:
    thread_id = await town.opted_in(MARA, SAID)
    town.rasa.intents = {"thank": "thanks_solved"}
    await town.do(line(MARA, "Orchard Lane 5 it is, and I want a person"))
    await town.do(line(MARA, "stop"))
    await town.run("UPDATE cases SET found = '{\"address\": \"Orchard Lane 5\"}', summary = 'Orchard Lane'")
    await town.pass_time(29 * DAYS)
    await town.bot.forget()
    assert "messages.text: Orchard" in await trace_of(town, "Orchard")
    await town.pass_time(2 * DAYS)
    await town.bot.forget()
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert len((await town.thread(thread_id)).messages) > 5
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")


async def test_an_open_thread_is_not_forgotten(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.pass_time(800 * DAYS)
    await town.bot.forget()
    assert "messages.text: Orchard" in await trace_of(town, "Orchard")


async def test_forgetting_waits_for_nobody_and_holds_up_nobody(town: Town) -> None:
    await town.offered(MARA, SAID)
    await town.offered(JOSE, SAID)
    await town.pass_time(25 * HOURS)
    async with town.database.transaction("test") as session:
        await session.execute(text("SELECT 1 FROM threads ORDER BY id LIMIT 1 FOR UPDATE"))
        await town.bot.forget()
    assert await town.value("SELECT count(*) FROM messages WHERE kind = 'post' AND deleted_at IS NULL") == 1


async def test_an_update_that_could_not_be_read_is_empty_after_a_day(town: Town) -> None:
    town.street.outcomes.append(TryLater(5, "too many"))
    await town.run(
        "INSERT INTO updates (channel, external_id, payload) VALUES ('telegram', '1', '{\"odd\": \"mara\"}')"
    )
    await town.work()
    assert await trace_of(town, "mara") == ["updates.payload: mara"]
    await town.pass_time(2 * DAYS)
    await town.bot.forget()
    assert await trace_of(town, "mara") == []


async def test_a_customer_who_was_forgotten_and_comes_back_is_answered(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    ana = await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.close(session, thread_id, ana)
    await town.pass_time(400 * DAYS)
    await town.bot.forget()
    await town.do(line(MARA, "Hello again, it is broken once more"))
    assert await town.value("SELECT external_id FROM customers") == MARA.id


async def test_of_a_talk_that_is_over_rasa_keeps_nothing_however_it_ended(town: Town) -> None:
    asked: list[str] = []

    async def rasa(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path} {request.content.decode()}")
        return httpx.Response(200, json={})

    await town.opted_in(AIKO)
    ended, handed_off, given_back = [await town.opted_in(who) for who in (MARA, NOOR, JOSE)]
    async with town.database.transaction("test") as session:
        for thread_id in (handed_off, given_back):
            await cases.hand_off(session, await threads.locked(session, thread_id), "danger", "A fire.")
        threads.give_floor(await threads.locked(session, given_back), "bot", func.clock_timestamp())
        await threads.end(session, await threads.locked(session, ended), "ended by the customer")
    client = Rasa("http://127.0.0.1:1", "token", httpx.AsyncClient(transport=httpx.MockTransport(rasa)))
    await Town(town.database, real_rasa=client).bot.forget()
    assert sorted(asked) == [f"/conversations/thread-{one}/tracker/events []" for one in (ended, handed_off)]


async def test_their_posts_in_other_peoples_threads_go_too_and_do_not_come_back(town: Town) -> None:
    key = BotSettings(secret="the secret of the tests").key
    theirs = post(NOOR, "Help! My Northwind lamp is broken, too.")
    town.street.posts = [theirs]
    thread_id = await town.handed_off(MARA)
    await town.do(theirs)
    await town.do(click(NOOR, town.street.offers[-1].token))
    async with town.database.transaction("test") as session:
        await forget.person(session, people.account_hash(key, "telegram", NOOR.id), NOOR.id)
    async with town.database.transaction("test") as session:
        await gather.attach(session, key, await threads.locked(session, thread_id), town.street.posts)
    said = [one for one in (await town.thread(thread_id)).messages if one.kind == "post"]
    assert [(one.text, one.author_name) for one in said][1:] == [("", None)]


async def test_who_deleted_their_post_is_forgotten_by_name_too(town: Town) -> None:
    """A tombstone tells whose it is, until its thread is emptied: after a day, or at the wish of who opted in."""
    for author in (MARA, NOOR):
        await town.do(post(author, SAID))
    mara = await town.opted_in(MARA, SAID)
    async with town.database.transaction("test.bury") as session:
        for message in await session.scalars(select(Message).where(Message.kind == "post")):
            gather.bury(message)
    await town.pass_time(25 * HOURS)
    await town.bot.forget()
    assert await trace_of(town, "noor") == []
    assert await trace_of(town, "mara")
    async with town.database.transaction("test.person") as session:
        thread = await threads.locked(session, mara)
        account = await session.scalar(select(Customer.account).where(Customer.id == thread.customer_id))
        assert account
        await forget.person(session, account, MARA.id)
    assert await trace_of(town, "mara") == []
