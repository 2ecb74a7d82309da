"""A training: told while it runs, cancelled, taken up when it was cut short, and whole or nothing at its end."""

import asyncio
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select, text, update

from handoff import examples, test_sets, trainings, version_errors, versions
from handoff.database import Database
from handoff.models import Agent
from handoff.trainings import MOST_TRIES, Training
from nlu import seeds
from tests.bot.town import Town
from tests.cast import ANA
from tests.models import Makers
from tests.nlu.test_training import a_python_that
from tests.rasa_server import RasaServer

pytestmark = pytest.mark.timeout(600)


async def test_a_training_becomes_a_version_that_was_tested_with_the_same_set_as_the_one_at_work(
    makers: Makers, town: Town, rasa: RasaServer
) -> None:
    ana = await town.hired(ANA)
    await makers.begin(rasa.model)
    async with makers.database.transaction("test") as session:
        await examples.add(session, "wo ist mein neuer Wasserkocher", "order_missing", "de", source="admin", by=ana)
        taught = await examples.add(
            session, "my wife ordered a lamp and nobody brought it", "order_missing", "en", source="review", by=ana
        )
        await examples.add(
            session, "the bill is twice what it was", "charged_wrongly", "en", source="review", by=ana, held_back=True
        )
    training = await makers.ask(ana)
    assert await makers.train.next()
    made = await makers.training(training)
    assert (made.state, made.version, made.percent) == ("done", 2, 100), (made.trouble, made.lines)
    assert set(made.took) == {"examples", "training", "testing"}
    assert "training RulePolicy" in made.lines
    newest, first = await makers.versions()
    assert taught.id in newest.example_ids
    assert (makers.workshop.models / newest.file).stat().st_size == newest.size
    assert "nobody brought it" in (makers.workshop.models / f"model-{training}.corpus/data/examples_en.yml").read_text()
    async with makers.database.reading() as session:
        assert await test_sets.common(session, [1, 2]) == 1
        answers = [await test_sets.answers(session, version, 1) for version in (1, 2)]
    assert len(answers[0]) == len(answers[1]) == len(seeds.frozen()) + 1
    assert sum(one.is_right for one in answers[1].values()) > len(answers[1]) / 8
    assert await makers.live() == 1, "only a person puts it to work"
    assert not list(makers.workshop.models.glob("work-*"))


async def test_one_training_at_a_time_and_whoever_comes_second_is_told_who(makers: Makers, town: Town) -> None:
    ana = await town.hired(ANA)
    await makers.ask(ana)
    with pytest.raises(version_errors.TrainingRuns) as error:
        await makers.ask(ana)
    assert "started by Ana" in error.value.sentence


async def test_a4_a_training_that_is_cancelled_leaves_no_process_and_no_file(
    database: Database, tmp_path: Path, town: Town
) -> None:
    ana = await town.hired(ANA)
    makers = Makers(database, tmp_path / "models", a_python_that(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60"))
    training = await makers.ask(ana)
    at_work = asyncio.create_task(makers.train.next())
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.02)
    async with database.transaction("test") as session:
        await trainings.cancel(session, training, ana)
    assert await at_work
    assert (await makers.training(training)).state == "cancelled"
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert list(makers.workshop.models.iterdir()) == []
    await makers.ask(ana)


async def being_tested(database: Database, tmp_path: Path, ana: Agent) -> tuple[Makers, int, asyncio.Task[bool]]:
    """A training whose version is made and does not come to the end of its test."""
    script = f'case "$2" in rasa) touch model.tar.gz;; *) echo $$ > {tmp_path}/pid; exec sleep 60;; esac'
    makers = Makers(database, tmp_path / "models", a_python_that(tmp_path, script))
    training = await makers.ask(ana)
    at_work = asyncio.create_task(makers.train.next())
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.02)
    return makers, training, at_work


async def test_a_training_that_is_cancelled_while_it_is_tested_leaves_nothing_that_could_be_put_to_work(
    database: Database, tmp_path: Path, town: Town
) -> None:
    ana = await town.hired(ANA)
    makers, training, at_work = await being_tested(database, tmp_path, ana)
    async with database.transaction("test") as session:
        await trainings.cancel(session, training, ana)
    assert await at_work
    assert (await makers.training(training)).state == "cancelled"
    (version,) = await makers.versions()
    assert version.gone_why == "its training did not come to its end"
    assert list(makers.workshop.models.iterdir()) == []


async def test_a_version_that_was_put_to_work_while_it_was_tested_keeps_its_file_when_that_is_cancelled(
    database: Database, tmp_path: Path, town: Town
) -> None:
    ana = await town.hired(ANA)
    makers, training, at_work = await being_tested(database, tmp_path, ana)
    (version,) = await makers.versions()
    async with database.transaction("test") as session:
        await versions.promote(session, version.version, ana, "it is urgent", seen=None)
    async with database.transaction("test") as session:
        await trainings.cancel(session, training, ana)
    assert await at_work
    (version,) = await makers.versions()
    assert version.gone_at is None
    assert makers.workshop.file(version.file).exists()


async def test_a_training_that_nobody_has_taken_up_is_cancelled_at_once(makers: Makers, town: Town) -> None:
    ana = await town.hired(ANA)
    training = await makers.ask(ana)
    async with makers.database.transaction("test") as session:
        await trainings.cancel(session, training, ana)
    assert (await makers.training(training)).state == "cancelled"
    assert not await makers.train.next()


async def test_a_training_that_fails_says_where_with_the_log_and_nothing_is_left(
    database: Database, tmp_path: Path
) -> None:
    line = "INFO  rasa.engine.training.hooks  - Starting to train component 'RulePolicy'."
    makers = Makers(
        database, tmp_path / "models", a_python_that(tmp_path, f'echo "{line}"; echo no such thing; exit 1')
    )
    training = await makers.ask()
    assert await makers.train.next()
    failed = await makers.training(training)
    assert failed.state == "failed"
    assert failed.trouble == "Rasa could not train while training RulePolicy. Its last lines are in the log."
    assert "no such thing" in failed.lines
    assert list(makers.workshop.models.iterdir()) == []


async def test_a_training_whose_process_died_is_taken_up_again_and_not_for_ever(
    database: Database, tmp_path: Path
) -> None:
    makers = Makers(database, tmp_path / "models", a_python_that(tmp_path, "exit 1"))
    training = await makers.ask()
    async with database.transaction("test") as session:
        assert await trainings.take_up(session, "one")
    async with database.transaction("test") as session:
        assert await trainings.take_up(session, "other") is None, "its lease runs"
        assert await trainings.beat(session, training, "one", trainings.Beat("reading", 0.2, 9.0, {}, ["a line"]))
    for n in range(1, MOST_TRIES):
        await die(database)
        async with database.transaction("test") as session:
            assert await trainings.take_up(session, f"again {n}")
    async with database.transaction("test") as session:
        assert not await trainings.beat(session, training, "one", trainings.Beat("reading", 0.3, 9.0, {}, []))
    await die(database)
    assert not await makers.train.next()
    over = await makers.training(training)
    assert (over.state, over.tries) == ("failed", MOST_TRIES)
    assert over.lines.count("It was cut short, and is taken up again.") == MOST_TRIES - 1


async def die(database: Database) -> None:
    """Whoever trains has not been heard of for a while."""
    async with database.transaction("test") as session:
        await session.execute(update(Training).values(lease_until=Training.lease_until - timedelta(minutes=1)))


async def test_an_example_that_is_a_test_utterance_as_well_is_not_trained_on(
    database: Database, tmp_path: Path, town: Town
) -> None:
    ana = await town.hired(ANA)
    makers = Makers(database, tmp_path / "models", a_python_that(tmp_path, "exit 1"))
    async with database.transaction("test") as session:
        await examples.add(session, "the parrot ate it", "refund", "en", source="review", by=ana, held_back=True)
    await makers.ask(ana)
    await makers.train.next()
    async with database.transaction("test") as session:
        await session.execute(text("UPDATE examples SET held_back = false"))
    second = await makers.ask(ana)
    await makers.train.next()
    assert "1 examples are test utterances as well, and are not trained on" not in (await makers.training(second)).lines
    async with database.reading() as session:
        found = await session.scalars(
            select(test_sets.TestUtterance.until).where(test_sets.TestUtterance.origin == "held back")
        )
        assert found.all() == [2], "what is trained on now left the test set, which is another set for it"


async def test_files_with_examples_of_who_was_forgotten_go_once_a_version_without_them_is_at_work(
    makers: Makers, rasa: RasaServer
) -> None:
    await makers.begin(rasa.model)
    async with makers.database.transaction("test") as session:
        one = await examples.add(
            session, "where is the lamp of my aunt", "order_missing", "en", source="admin", by=None
        )
    await makers.another(rasa.model, [one.id])
    await makers.another(rasa.model)
    await promote(makers, 2, seen=1)
    async with makers.database.transaction("test") as session:
        await session.execute(text("DELETE FROM examples"))
    _, at_work, _ = await makers.versions()
    written = makers.workshop.models / at_work.file.replace(".tar.gz", ".corpus")
    written.mkdir()
    await makers.train.sweep()
    assert [model.gone_at is None for model in await makers.versions()] == [True] * 3, "it is at work"
    assert not written.exists(), "what was said stands nowhere in words"
    await promote(makers, 3, seen=2)
    await makers.train.sweep()
    newest, held, first = await makers.versions()
    assert (newest.gone_at, first.gone_at) == (None, None)
    assert held.gone_why == "it held examples that were to be forgotten"
    assert not (makers.workshop.models / held.file).exists()
    assert (makers.workshop.models / newest.file).exists()


async def promote(makers: Makers, version: int, seen: int) -> None:
    """Somebody puts it to work."""
    async with makers.database.transaction("test") as session:
        await versions.promote(session, version, None, "", seen=seen)
