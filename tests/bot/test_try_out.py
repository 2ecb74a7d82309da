"""Any text is tried out: what versions make of it and what triage would say, and nothing is left of it."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from bot.try_out import STOPPED, TryOut
from handoff import tries
from handoff.database import Database
from handoff.tables import METADATA
from nlu.reader import Reader
from nlu.readers import Readers
from tests.handoff.web.versions import version
from tests.nlu.test_training import a_python_that

PARSED = {
    "intent": {"name": "order_missing", "confidence": 0.8},
    "intent_ranking": [{"name": "order_missing", "confidence": 0.8}, {"name": "refund", "confidence": 0.1}],
    "entities": [{"entity": "order_number", "value": "NW-20418"}],
}
SAYS = {"says": [{"text": "Is that right?", "buttons": [{"title": "Yes"}, {"title": "No"}]}]}


async def rows(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return {name: await session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in METADATA.tables}


async def test_a_text_is_tried_with_two_versions_and_leaves_no_trace(database: Database, tmp_path: Path) -> None:
    answers = f"case \"$line\" in *begin*) echo '{json.dumps(SAYS)}';; *) echo '{json.dumps(PARSED)}';; esac"
    python = a_python_that(tmp_path, f"echo '{{\"ready\": true}}'; while read -r line; do {answers}; done")
    for _ in range(2):
        await version(database, None)
    readers = Readers(lambda file: Reader(python, tmp_path / file))
    answering = asyncio.create_task(TryOut(database, readers, lambda text: text == "STOP").answer_all())
    while not (await tries.ask(database, "hello", [9], patience=0.5))[0].trouble.startswith("There is no version 9"):
        await asyncio.sleep(0.05)
        assert not answering.done(), answering.exception()
    before = await rows(database)
    one, other = await tries.ask(database, "my parcel NW-20418 never came", [1, 2])
    assert [tried.version for tried in (one, other)] == [1, 2]
    assert (one.said, one.ranking[0], one.entities) == (
        "order_missing",
        ("order_missing", 0.8),
        [("order_number", "NW-20418")],
    )
    assert one.says == ["Is that right? [Yes / No]"]
    (stopped,) = await tries.ask(database, "STOP", [1])
    assert (stopped.said, stopped.says, stopped.ends) == ("order_missing", [], STOPPED)
    assert await rows(database) == before
    answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering
    await readers.close()


async def test_the_longest_text_fits_in_any_letters(database: Database) -> None:
    async def first() -> tries.Question:
        return await anext(aiter(tries.questions(database)))

    asked = asyncio.create_task(first())
    while not asked.done():
        await tries.ask(database, "😡" * tries.LONGEST, [1], patience=0.1)
    assert (await asked).text == "😡" * tries.LONGEST


async def test_when_nobody_answers_what_may_be_and_what_to_do_is_said(database: Database) -> None:
    (told,) = await tries.ask(database, "hello", [1], patience=0.2)
    assert told.trouble.startswith("It is still being loaded, or the bot does not run. Try again in half a minute")
