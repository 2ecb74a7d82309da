"""The list of the versions: what it offers, and what it says of those that are not as the newest one."""

import httpx
import pytest
from sqlalchemy import text

from handoff import examples, versions
from tests.bot.pages.world import words
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.versions import GOOD, at_work, freeze, version

MODELS = "/admin/nlu/models"


async def test_a_version_without_examples_of_who_was_forgotten_is_offered_once_there_is_one(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    async with inbox.database.transaction("test") as session:
        kept = await examples.add(
            session, "where is the lamp of my aunt", "order_missing", "en", source="admin", by=None
        )
    await freeze(inbox.database)
    await version(inbox.database, GOOD)
    await version(inbox.database, GOOD, example_ids=[kept.id])
    await at_work(inbox.database, 2)
    async with inbox.database.transaction("test") as session:
        await session.execute(text("DELETE FROM examples"))
    page = (await ana.get(MODELS)).text
    assert ("Retrain without them" in page, "is without them" in page) == (True, False), "an old one is no way out"
    await version(inbox.database, GOOD)
    page = (await ana.get(MODELS)).text
    assert ("Retrain without them" in page, "Version 3 is without them" in page) == (False, True)
    assert f'<a class="button" href="{MODELS}/3/promote">Promote version 3' in page


@pytest.mark.usefixtures("two")
async def test_a_version_that_rasa_could_not_load_is_not_said_to_be_at_work(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    assert "at work" in words((await ana.get(MODELS)).text).split("Calibration error MB State")[1]
    async with inbox.database.transaction("test.settle") as session:
        await versions.settle(session, 1, "Rasa could not load it (no such file); what was at work before still is.")
    listed = words((await ana.get(MODELS)).text).split("Calibration error MB State")[1].split("What was put to work")[0]
    assert ("promoted, not loaded" in listed, "at work" in listed) == (True, False)


@pytest.mark.usefixtures("two")
async def test_what_the_files_take_is_all_that_lies_in_the_folder_of_the_models(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    assert "Files take 5.0 MB" in words((await ana.get(MODELS)).text), "of models that lie on another machine"
    learnt = inbox.app.state.site.settings.home / "models" / "model-1.corpus"
    learnt.mkdir(parents=True)
    (learnt / "examples.yml").write_bytes(bytes(7_000_000))
    assert "Files take 7.0 MB" in words((await ana.get(MODELS)).text)


async def test_versions_without_a_file_are_listed_as_long_as_they_are_new(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    for _ in range(23):
        await version(inbox.database, None)
    async with inbox.database.transaction("test.gone") as session:
        for number in (2, 3, 22):
            await versions.mark_gone(session, number, "only 5 versions are kept")
    page = (await ana.get(MODELS)).text
    listed = [number for number in range(1, 24) if f'id="version-{number}"' in page]
    assert (listed, "Show older" in page) == ([1, *range(4, 24)], True)
    page = (await ana.get(f"{MODELS}?older=1")).text
    assert (page.count('id="version-'), "Show older" in page) == (23, False)
