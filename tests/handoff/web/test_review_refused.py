"""Answers that stand against an example of the team, and several answers of two people at once."""

import asyncio

import httpx
from sqlalchemy import func, select, text

from handoff import examples
from handoff.utterances import Utterance
from tests.bot.pages.world import words
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.spoken import says
from tests.handoff.web.test_review import REVIEW, digest

TAUGHT = "I really want out"
NEAR = "I really want out now"


async def taught(inbox: Inbox, example: str) -> None:
    """Two customers say nearly the same, and one of the texts is an example already."""
    async with inbox.database.transaction("test.add") as session:
        await examples.add(session, example, "cancel", "en", source="admin", by=None)
    for one in (NEAR, example):
        await says(inbox.database, one)


async def test_who_answers_against_an_example_reads_which_text_it_is_and_is_led_to_it(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await taught(inbox, TAUGHT)
    both = {"digest": [digest(NEAR), digest(TAUGHT)], "answer": "intent:refund"}
    for form in ({"digest": digest(TAUGHT), "answer": "intent:refund"}, both, both | {"near": digest(NEAR)}):
        answer = await ana.post(REVIEW, data=form)
        assert answer.status_code == 422
        assert f"“ {TAUGHT} ” is an example of cancel already. Change it there, or give that answer." in words(
            answer.text
        )
        assert 'href="/admin/nlu/intents/cancel?q=I+really+want+out"' in answer.text
    assert "Examples 1 " in words((await ana.get("/admin/nlu/intents/cancel?q=I+really+want+out")).text)


async def test_how_somebody_is_reached_stands_neither_in_the_refusal_nor_in_its_link(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    said = "send it to anna.kay@example.org please"
    await taught(inbox, said)
    answer = await ana.post(REVIEW, data={"digest": digest(said), "answer": "intent:refund"})
    assert ("is an example of" in answer.text, "anna.kay" in answer.text) == (True, False)
    assert 'href="/admin/nlu/intents/cancel"' in answer.text


async def test_several_texts_are_answered_in_an_order_that_is_everybodys(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    for one in (TAUGHT, NEAR):
        await says(inbox.database, one)
    first, second = sorted((digest(TAUGHT), digest(NEAR)))
    line = select(Utterance.message_id).with_for_update(nowait=True)
    waits = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
    async with inbox.database.transaction("test.other") as session:
        await session.execute(line.where(Utterance.digest == first))
        answering = asyncio.create_task(ana.post(REVIEW, data={"digest": [second, first], "answer": "intent:cancel"}))
        while not await session.scalar(waits):
            await asyncio.sleep(0.01)
        assert (await session.scalars(line.where(Utterance.digest == second))).all(), "it is locked already"
    assert (await answering).status_code == 303
