"""What is special about X: whom we may answer, the one reply, the proof, the whole public thread, and STOP."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, text

from handoff import threads
from handoff.database import Database
from handoff.models import Case, Thread
from nlu.detector import Detector
from tests.on_x import OnX, channel_on
from tests.peers.fake_x import FakeX
from tests.stories import Story, browser, knock_at_work, until

COMPLAINT = "Hey @northwind_help, it arrived broken and does not switch on. Can somebody help me?"


@pytest.fixture
def x() -> Iterator[FakeX]:
    with FakeX() as x:
        yield x


@asynccontextmanager
async def at_work(x: FakeX, database: Database, detector: Detector, **settings: Any) -> AsyncIterator[Story]:
    """Knock on X; there is no Rasa, so whoever opts in goes straight to a person."""
    channel = channel_on(x, database, **settings)
    try:
        async with knock_at_work(database, None, detector, channel, rasa_wait_seconds=0) as story:
            yield story
    finally:
        await channel.stop()


async def value(story: Story, query: str) -> Any:
    """The first value that a query gives."""
    async with story.database.reading() as session:
        return (await session.execute(text(query))).scalar()


async def the_thread(story: Story) -> Thread | None:
    """The thread of the one case, with all that was said."""
    async with story.database.reading() as session:
        case = (await session.scalars(select(Case))).one_or_none()
        return await threads.whole(session, case.thread_id) if case else None


async def test_the_whole_public_thread_is_attached_with_tombstones(
    x: FakeX, database: Database, detector: Detector
) -> None:
    root = x.post("Noor", "Who else waits for a kettle?")
    gone = x.post("José", "Me, for weeks", answers=root)
    before = x.post("Mara", "Mine came, but broken", answers=gone)
    async with at_work(x, database, detector) as story:
        mara = OnX(browser(story), x, "Mara")
        await mara.complain(COMPLAINT, answers=before)
        await until(mara.offers)
        await mara.accept()

        async def all_posts() -> list[str]:
            said = await public(story)
            return said if len(said) >= 4 else []

        assert await until(all_posts) == [
            f"Mara: {COMPLAINT}",
            "Noor: Who else waits for a kettle?",
            "José: Me, for weeks",
            "Mara: Mine came, but broken",
        ]
        page = await mara.page()
        assert page.index("Mine came, but broken") < page.index("it arrived broken") < page.index("automated assistant")

        x.delete(gone)
        await mara.say("And the lid is missing")
        async with story.database.transaction("story") as session:
            await session.execute(text("UPDATE threads SET gathered_at = now() - interval '1 day'"))
        await story.bot.look_again()
        assert await public(story) == [
            f"Mara: {COMPLAINT}",
            "Noor: Who else waits for a kettle?",
            "José: gone",
            "Mara: Mine came, but broken",
        ]


async def public(story: Story) -> list[str]:
    """The public posts that are attached to the case, without the handles that X puts before an answer."""
    whole = await the_thread(story)
    posts = [one for one in whole.messages if one.kind == "post"] if whole else []
    said = (re.sub(r"^(@(?!northwind)\w+ )+", "", one.text) for one in posts)
    return [f"{one.author_name}: {'gone' if one.deleted_at else words}" for one, words in zip(posts, said, strict=True)]


async def test_a_reply_that_was_accepted_while_the_line_broke_is_there_once(
    x: FakeX, database: Database, detector: Detector
) -> None:
    x.trouble.drop_after_accepting_post()
    async with at_work(x, database, detector) as story:
        await OnX(browser(story), x, "Mara").complain(COMPLAINT)
        await until(lambda: value(story, "SELECT 1 FROM offers WHERE state = 'sent'"))
        assert await value(story, "SELECT evidence FROM attempts") == "found where we said it"
        assert await value(story, "SELECT external_id FROM attempts") == x.sent[0].id
        assert len(x.sent) == 1


async def test_posting_a_code_proves_it_as_well(x: FakeX, database: Database, detector: Detector) -> None:
    async with at_work(x, database, detector) as story:
        mara = OnX(browser(story), x, "Mara")
        await mara.complain(COMPLAINT)
        await until(mara.offers)
        await mara.post_the_code()
        assert "automated assistant" in " ".join(await mara.heard())
        assert await value(story, "SELECT proof FROM opt_ins") == "posted the code"
        assert len(x.sent) == 1, "a code is not answered"


async def test_a_public_stop_is_heard_and_nothing_more_is_said(
    x: FakeX, database: Database, detector: Detector
) -> None:
    async with at_work(x, database, detector) as story:
        mara = OnX(browser(story), x, "Mara")
        await mara.complain(COMPLAINT)
        await until(mara.offers)
        x.post("Mara", "STOP", answers=x.sent[0])
        await until(lambda: value(story, "SELECT 1 FROM promises WHERE stopped_at IS NOT NULL"))
        await mara.complain(COMPLAINT + " It is still broken.")
        await until(lambda: value(story, "SELECT 1 FROM tallies WHERE outcome = 'said STOP'"))
        assert len(x.sent) == 1


async def test_who_only_talks_about_us_is_counted_and_never_answered(
    x: FakeX, database: Database, detector: Detector
) -> None:
    search = {"x_search": "northwind", "x_bearer_token": x.credentials.bearer_token}
    async with at_work(x, database, detector, **search) as story:
        x.post("Noor", "My northwind kettle arrived broken and does not switch on. Can somebody help me?")
        await until(lambda: value(story, "SELECT 1 FROM tallies WHERE outcome = 'would have offered'"))
        assert x.sent == []
        assert await value(story, "SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize("naming", ["tweet", "post"])
async def test_both_namings_of_x_are_understood(x: FakeX, database: Database, detector: Detector, naming: Any) -> None:
    x.naming = naming
    x.trouble.odd_timestamps = True
    async with at_work(x, database, detector) as story:
        mara = OnX(browser(story), x, "Mara")
        await mara.complain(COMPLAINT)
        await until(mara.offers)
        await mara.accept()
        assert await until(lambda: the_thread(story))
