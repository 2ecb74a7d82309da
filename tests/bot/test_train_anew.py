"""A Knock that replaced another trains by itself; what comes of it is put to work unless that would be a loss."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.train import ANOTHER_KNOCK, UNREADABLE, Train
from handoff import examples, test_sets, versions
from handoff.database import Database
from handoff.deeds import Deed
from handoff.versions import Model
from nlu.training import model_path
from nlu.workshop import Workshop
from tests.models import Makers
from tests.nlu.test_training import a_python_that

ANSWERS = """echo '{{}}'; while read question; do
  echo '{{"intent": {{"name": "{0}"}}, "intent_ranking": [{{"name": "{0}", "confidence": 0.9}}]}}'; done"""
"""A model that says the same of everything."""

SPOILT = f'case "$2 $3" in "rasa "*) touch model.tar.gz;; *model-2*) exit 1;; *) {ANSWERS.format("refund")};; esac'
"""Whoever trains and reads so can read everything but the second version."""

REFUND, CANCEL = ANSWERS.format("refund"), ANSWERS.format("cancel")


async def replaced(database: Database, folder: Path, old: str, new: str) -> Makers:
    """Version 1 was made by another Knock; `old` and `new` are what it and the next one do when they shall read."""
    script = f'case "$2 $3" in "rasa "*) touch model.tar.gz;; *triage-*) {old};; *) {new};; esac'
    makers = Makers(database, folder / "models", a_python_that(folder, script))
    model = model_path(makers.workshop.models)
    model.parent.mkdir()
    model.touch()
    await makers.work.begin_with(print)
    async with database.transaction("test.replaced") as session:
        await session.execute(update(Model).values(config="of another"))
    await makers.work.begin_with(print)
    assert await makers.train.next()
    assert [one.version for one in await makers.versions()] == [2, 1]
    return makers


async def audited(database: Database) -> list[tuple[str, str | None]]:
    """What the audit log tells; nobody of the team did any of it."""
    async with database.reading() as session:
        return [(one.what, one.about) for one in await session.scalars(select(Deed).where(Deed.agent_id.is_(None)))]


async def reason(database: Database) -> str:
    """Why what is at work was put to work, as the page of the models has it."""
    async with database.reading() as session:
        found = await versions.newest_promotion(session)
    assert found
    return found.reason


async def test_what_is_no_worse_is_put_to_work_and_the_audit_log_says_why(database: Database, tmp_path: Path) -> None:
    makers = await replaced(database, tmp_path, REFUND, REFUND)
    assert (await makers.live(), await reason(database)) == (2, ANOTHER_KNOCK)
    assert await audited(database) == [("promote model", f"version 2 in place of version 1; {ANOTHER_KNOCK}")]


async def test_what_is_clearly_worse_is_left_to_an_admin(database: Database, tmp_path: Path) -> None:
    makers = await replaced(database, tmp_path, REFUND, CANCEL)
    assert await makers.live() == 1
    ((what, about),) = await audited(database)
    assert what == "leave model to an admin"
    assert "worse: refund" in (about or "")


@pytest.mark.parametrize("old", ["exit 1", "echo nothing that could be read"])
async def test_where_the_one_at_work_cannot_be_read_any_more_the_new_one_is_put_to_work(
    database: Database, tmp_path: Path, old: str
) -> None:
    makers = await replaced(database, tmp_path, old, CANCEL)
    assert (await makers.live(), await reason(database)) == (2, UNREADABLE)
    assert "version 1 cannot be read any more: its process has ended" in (await makers.training(2)).lines


async def test_a_version_that_an_admin_trained_is_kept_where_the_one_at_work_cannot_be_read_any_more(
    database: Database, tmp_path: Path
) -> None:
    makers = await replaced(database, tmp_path, REFUND, REFUND)
    assert await makers.live() == 2
    (tmp_path / "models" / "model-2.tar.gz").write_bytes(b"damaged")
    async with database.transaction("test.more") as session:
        await examples.add(session, "the bill is twice what it was", "refund", "en", source="review", by=None)
    makers.workshop = Workshop(a_python_that(tmp_path, SPOILT), makers.workshop.models, keep=5)
    makers.train = Train(database, makers.workshop)
    training = await makers.ask()
    assert await makers.train.next()
    made = await makers.training(training)
    assert (made.state, made.version) == ("done", 3), made.trouble
    assert any("version 2 cannot be read any more" in line for line in made.lines)
    assert ((await makers.versions())[0].gone_at, await makers.live()) == (None, 2)


async def test_the_version_that_a_roll_back_leads_to_is_tested_as_well(database: Database, tmp_path: Path) -> None:
    makers = await replaced(database, tmp_path, REFUND, REFUND)
    async with database.transaction("test.more") as session:
        await examples.add(
            session, "the bill is twice what it was", "refund", "en", source="review", by=None, held_back=True
        )
    training = await makers.ask()
    assert await makers.train.next()
    assert (await makers.training(training)).version == 3
    async with database.reading() as session:
        newest = await test_sets.newest(session)
        assert newest
        assert newest.version == 2
        assert {one: found[0] for one, found in (await test_sets.whole(session, [1, 2, 3])).items()} == {
            1: 2,
            2: 2,
            3: 2,
        }
