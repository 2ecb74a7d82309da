"""A version reads beside the one at work: silently, of who agreed to it, and where it differs can be read."""

import json
from pathlib import Path

import pytest

from bot import permit
from bot.read_beside import ReadBeside
from handoff import disagreements, receipts, threads, utterances, versions
from nlu.reader import Reader
from nlu.readers import Readers
from tests.bot.town import Town, line
from tests.cast import MARA, NOOR
from tests.handoff.web.versions import at_work, version
from tests.nlu.test_training import a_python_that

REFUND = {
    "intent": {"name": "refund", "confidence": 0.7},
    "intent_ranking": [{"name": "refund", "confidence": 0.7}],
    "entities": [],
}


@pytest.fixture
async def beside(town: Town, tmp_path: Path) -> ReadBeside:
    """Version 2, which takes everything for a refund, beside version 1, which knows better."""
    for _ in range(2):
        await version(town.database, None)
    await at_work(town.database, 1)
    async with town.database.transaction("test") as session:
        await versions.read_beside(session, 2, on=True)
    python = a_python_that(
        tmp_path, f"echo '{{\"ready\": true}}'; while read line; do echo '{json.dumps(REFUND)}'; done"
    )
    readers = Readers(lambda file: Reader(python, tmp_path / file))
    return ReadBeside(town.database, readers, town.rasa.client(), permit.trainable())


async def consent(town: Town, thread_id: int, given: bool) -> None:
    async with town.database.transaction("test") as session:
        await receipts.turn(session, await threads.locked(session, thread_id), "training", given, "Yes", "1")


async def found(town: Town) -> list[disagreements.Differing]:
    async with town.database.reading() as session:
        return await disagreements.found(session, 2)


async def test_what_it_would_have_said_otherwise_is_read_of_who_agreed_and_as_long_as_they_do(
    town: Town, beside: ReadBeside
) -> None:
    mara, noor = await town.opted_in(MARA), await town.opted_in(NOOR)
    await consent(town, mara, True)
    town.rasa.intents["money back"] = "refund"
    for said in ("where is it", "I want my money back"):
        await town.do(line(MARA, said))
    await town.do(line(NOOR, "nobody may read this"))
    await beside.look()
    (one,) = await found(town)
    assert (one.thread_id, one.text) == (mara, "where is it")
    assert (one.disagreement.said, one.disagreement.live_said) == ("refund", "order_missing")
    assert await town.value("SELECT beside_agreed FROM models WHERE version = 2") == 1
    await beside.look()
    assert len(await found(town)) == 1, "no line is read twice"
    await consent(town, mara, False)
    assert [one.text for one in await found(town)] == [None]
    assert noor != mara


async def test_what_was_said_before_it_began_or_while_rasa_is_away_harms_nothing(
    town: Town, beside: ReadBeside
) -> None:
    mara = await town.opted_in(MARA)
    await consent(town, mara, True)
    await town.do(line(MARA, "where is it"))
    town.rasa.is_down = True
    await beside.look()
    assert await found(town) == []
    town.rasa.is_down = False
    await beside.look()
    assert len(await found(town)) == 1


async def test_a_version_that_is_switched_off_reads_nothing(town: Town, beside: ReadBeside) -> None:
    mara = await town.opted_in(MARA)
    await consent(town, mara, True)
    async with town.database.transaction("test") as session:
        await versions.read_beside(session, 2, on=False)
    await town.do(line(MARA, "where is it"))
    await beside.look()
    assert await found(town) == []


async def test_what_a_channels_policy_keeps_from_training_is_neither_read_nor_shown(
    town: Town, beside: ReadBeside
) -> None:
    mara = await town.opted_in(MARA)
    await consent(town, mara, True)
    await town.do(line(MARA, "where is it"))
    forbidden = ReadBeside(town.database, Readers(lambda file: pytest.fail("read")), town.rasa.client(), frozenset())
    await forbidden.look()
    assert await found(town) == []
    await beside.look()
    assert [one.text for one in await found(town)] == ["where is it"]
    async with town.database.transaction("test.policy") as session:
        await utterances.obey(session, [])
    assert [one.text for one in await found(town)] == [None]
