"""A version is put to work while people talk: nobody waits or begins anew, and what cannot be loaded harms nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handoff import versions
from handoff.database import Database
from nlu.rasa import Rasa, seed
from tests.models import Makers
from tests.rasa_server import PYTHON, RasaServer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def client(rasa: RasaServer) -> AsyncIterator[Rasa]:
    """Of the Rasa of the session, which works with its own model again afterwards."""
    async with rasa.client() as client:
        yield client
        await client.put_to_work(str(rasa.model))


@pytest.fixture
async def working(database: Database, tmp_path: Path, rasa: RasaServer, client: Rasa) -> Makers:
    """Version 1 is at work, and version 2 is ready."""
    makers = Makers(database, tmp_path / "models", PYTHON, client)
    await makers.begin(rasa.model)
    await makers.work.look()
    await makers.another(rasa.model)
    return makers


async def promote(makers: Makers, version: int, seen: int) -> None:
    async with makers.database.transaction("test.promote") as session:
        await versions.promote(session, version, None, "", seen=seen)


async def newest(makers: Makers) -> versions.Promotion:
    async with makers.database.reading() as session:
        found = await versions.newest_promotion(session)
    assert found
    return found


async def test_the_first_model_is_version_1_and_at_work(working: Makers) -> None:
    assert [one.version for one in await working.versions()] == [2, 1]
    assert await working.live() == 1
    assert (await newest(working)).at_work_at is not None
    assert not await working.work.look(), "Rasa runs it already"


async def test_talks_go_on_while_another_version_is_put_to_work(working: Makers, client: Rasa) -> None:
    begun = await client.begin("one-who-talks", seed([]))
    over = asyncio.Event()
    answered = 0

    async def talk(name: str) -> None:
        nonlocal answered
        while not over.is_set():
            turn = await client.converse(name, (await client.begin(name, seed([]))).events, "my parcel never came")
            answered += bool(turn.answers)

    talking = [asyncio.create_task(talk(f"talk-{n}")) for n in range(2)]
    while not answered:
        await asyncio.sleep(0.05)
    await promote(working, 2, seen=1)
    before = answered
    assert await working.work.look()
    over.set()
    await asyncio.gather(*talking)
    assert answered > before, "somebody was answered meanwhile or right afterwards"
    assert (await newest(working)).at_work_at is not None
    assert await client.model() == (await working.versions())[0].file
    went_on = await client.converse("one-who-talks", begun.events, "I was charged twice")
    assert "order number" in went_on.answers[0].text, "what it asks of whoever was charged wrongly"


async def test_a_rasa_that_runs_another_model_is_put_right(working: Makers, client: Rasa, rasa: RasaServer) -> None:
    await promote(working, 2, seen=1)
    await working.work.look()
    await client.put_to_work(str(rasa.model))
    assert await working.work.look()
    assert await client.model() == (await working.versions())[0].file


async def test_a_version_that_cannot_be_loaded_leaves_the_one_before_at_work_and_says_so(
    working: Makers, client: Rasa
) -> None:
    broken = (await working.versions())[0]
    (working.workshop.models / broken.file).write_bytes(b"no model")
    await promote(working, 2, seen=1)
    await working.work.look()
    assert "could not load it" in ((await newest(working)).trouble or "")
    assert (await newest(working)).at_work_at is None
    assert (await client.parse("I was charged twice")).intent == "charged_wrongly"
    await promote(working, 1, seen=2)
    await working.work.look()
    assert ((await newest(working)).trouble, await working.live()) == (None, 1)


async def test_after_a_restart_the_promoted_version_is_what_rasa_starts_with(working: Makers) -> None:
    await promote(working, 2, seen=1)
    again = Makers(working.database, working.workshop.models)
    assert (await again.work.begin_with(print)).name == (await working.versions())[0].file


async def test_a_version_of_another_knock_is_followed_by_a_training_of_its_own(working: Makers) -> None:
    await promote(working, 2, seen=1)
    told: list[str] = []
    await Makers(working.database, working.workshop.models).work.begin_with(told.append)
    assert "Version 2 of the model was made by another Knock; a new one is trained." in told
    training = await working.training(3)
    assert (training.state, training.then_promote) == ("waiting", True)
