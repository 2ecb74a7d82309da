"""What an answer that is taken back leaves behind: never an intent that nobody stands for."""

import pytest
from sqlalchemy import select

from handoff import examples, intents
from handoff.database import Database
from handoff.examples import Example
from handoff.models import Agent
from tests.handoff.test_reviews import answered, flagged, learnt, undone, with_rules
from tests.handoff.web.spoken import says

TEXT = "Money back when?"


@pytest.fixture
async def again(database: Database, ana: Agent, ben: Agent) -> tuple[int, int]:
    """Ana answered "refund", somebody called the guess wrong, and it waits again."""
    await with_rules(database, held_back=0)
    line = await says(database, TEXT)
    await answered(database, ana, TEXT, "refund")
    await flagged(database, line, ben)
    return line


async def test_after_a_rename_both_answers_can_be_taken_back(
    database: Database, ana: Agent, ben: Agent, again: object
) -> None:
    async with database.transaction("test.rename") as session:
        await intents.rename(session, "refund", "money_back", None)
    await answered(database, ben, TEXT, "cancel")
    await undone(database, ben)
    assert await learnt(database) == [(TEXT, "money_back", False)]
    await undone(database, ana)
    assert await learnt(database) == []


async def test_an_answer_that_changed_nothing_leaves_what_an_admin_changed(
    database: Database, ben: Agent, again: object
) -> None:
    async with database.transaction("test.move") as session:
        row = (await session.scalars(select(Example))).one()
        await examples.relabel(session, [row.key], "cancel", None)
    await answered(database, ben, TEXT, "cancel")
    await undone(database, ben)
    assert await learnt(database) == [(TEXT, "cancel", False)]


async def test_an_older_answer_that_is_taken_back_leaves_the_newer_one(
    database: Database, ana: Agent, ben: Agent, again: tuple[int, int]
) -> None:
    await answered(database, ben, TEXT, "cancel")
    await flagged(database, again, ana)
    await answered(database, ben, TEXT, "refund")
    await undone(database, ana)
    assert await learnt(database) == [(TEXT, "refund", False)]
