"""The product on one page: a post becomes an offer, the offer an opt-in, the talk a case, the case a reply."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import func, select

from bot.channels.telegram import Telegram
from handoff import cases, threads
from handoff.database import Database
from handoff.models import Agent, Case, Message, Thread
from nlu.detector import Detector
from tests.cast import ANA
from tests.on_x import OnX, channel_on
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_x import FakeX
from tests.peers.outside_telegram import OutsideTelegram
from tests.rasa_server import RasaServer
from tests.stories import Customer, OnOutsideTelegram, OnSquare, OnTelegram, Story, browser, knock_at_work, until

COMPLAINT = "Hey @northwind_help, it arrived broken and does not switch on. Can somebody help me?"
TURNS = (
    ("Is that right?", "Yes, that is right"),
    ("Which product", "the lamp"),
    ("order number", "It is NW-20418"),
)


Work = Callable[..., AbstractAsyncContextManager[Story]]
"""Knock at work with the channels that it is given."""

Told = AsyncIterator[tuple[Story, Customer]]


@asynccontextmanager
async def on_the_square(work: Work, database: Database) -> Told:
    async with work() as story:
        yield story, OnSquare(browser(story), "Mara")


@asynccontextmanager
async def on_telegram(work: Work, database: Database) -> Told:
    with FakeTelegram() as platform:
        telegram = Telegram(platform.token, platform.url)
        async with work(telegram) as story:
            yield story, OnTelegram(platform, "Mara")
        await telegram.stop()


@asynccontextmanager
async def on_a_telegram_that_nobody_here_wrote(work: Work, database: Database) -> Told:
    with OutsideTelegram() as platform:
        telegram = Telegram(platform.token, platform.url)
        async with work(telegram) as story:
            yield story, OnOutsideTelegram(platform, "Mara")
        await telegram.stop()


@asynccontextmanager
async def on_x(work: Work, database: Database) -> Told:
    with FakeX() as platform:
        x = channel_on(platform, database)
        async with work(x) as story:
            yield story, OnX(browser(story), platform, "Mara")
        await x.stop()


WAYS = [on_the_square, on_telegram, on_a_telegram_that_nobody_here_wrote, on_x]


@pytest.fixture
async def told(
    request: pytest.FixtureRequest, database: Database, rasa: RasaServer, detector: Detector
) -> AsyncIterator[tuple[Story, Customer]]:
    """Knock at work, and Mara on the channel that the test is about."""
    async with rasa.client() as client:
        work = partial(knock_at_work, database, client, detector)
        async with request.param(work, database) as told:
            yield told


@pytest.mark.parametrize("told", WAYS, indirect=True, ids=lambda way: way.__name__)
async def test_i3_a_post_becomes_a_case_that_an_agent_answers(told: tuple[Story, Customer]) -> None:
    story, mara = told

    await mara.complain(COMPLAINT)
    assert len(await until(mara.offers)) == 1
    assert await private_words(mara) == []

    await mara.accept()
    for question, answer in TURNS:
        await hears(mara, question)
        await mara.say(answer)
    case = await until(lambda: the_case(story))

    assert case.intent == "product_broken"
    assert case.found["order_number"] == "NW-20418"
    await hears(mara, "number 1 in the line")

    await an_agent_replies(story, case, "Hello Mara, a new lamp is on its way.")
    await hears(mara, "a new lamp is on its way")
    assert len(await mara.offers()) == 1
    await until(lambda: all_is_sent(story))
    await the_whole_thread_is_attached(story, case)
    assert sum("a new lamp is on its way" in line for line in await mara.heard()) == 1


async def private_words(customer: Customer) -> list[str]:
    """What a customer heard in private, which is nothing before they said yes."""
    return [] if isinstance(customer, OnSquare) else await customer.heard()


async def hears(customer: Customer, words: str) -> None:
    """Wait until the newest thing that the customer heard has these words in it."""

    async def heard() -> bool:
        lines = await customer.heard()
        return bool(lines) and words in lines[-1]

    await until(heard)


async def the_case(story: Story) -> Case | None:
    """The one case."""
    async with story.database.reading() as session:
        return (await session.scalars(select(Case))).one_or_none()


async def an_agent_replies(story: Story, case: Case, text: str) -> None:
    """Ana claims the case by answering."""
    async with story.database.transaction("story") as session:
        ana = Agent(email=ANA.email, name=ANA.name, password_hash="-")
        session.add(ana)
        await session.flush()
        thread = await session.get_one(Thread, case.thread_id)
        await cases.reply(session, thread.id, ana, text, client_id="reply", seen_seq=thread.last_seq)


async def all_is_sent(story: Story) -> bool:
    """Whether nothing waits to be sent."""
    async with story.database.reading() as session:
        waiting = await session.scalar(select(func.count(Message.id)).where(Message.delivery == "pending"))
    return waiting == 0


async def the_whole_thread_is_attached(story: Story, case: Case) -> None:
    """Everything that was said, in one order without a gap."""
    async with story.database.reading() as session:
        thread = await threads.whole(session, case.thread_id)
    assert thread is not None
    assert thread.opt_in is not None
    assert [message.seq for message in thread.messages] == list(range(1, thread.last_seq + 1))
    texts = [message.text for message in thread.messages]
    assert texts[0] == COMPLAINT
    assert [message.kind for message in thread.messages[:2]] == ["post", "offer"]
    assert [text for text in texts if text in dict(TURNS).values()] == [answer for _, answer in TURNS]
    assert {message.delivery for message in thread.messages} <= {None, "sent"}
