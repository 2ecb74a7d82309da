"""Try out: let versions of the model read a text that an admin wrote, as if a customer had begun with it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from handoff import tries, versions
from handoff.database import Database
from handoff.tries import Question, Tried
from handoff.version_errors import NoSuchVersion
from nlu.language import guess
from nlu.rasa import Understanding, seed
from nlu.reader import Reader, ReaderDown
from nlu.readers import Readers

log = logging.getLogger(__name__)

GUESSES = 5

STOPPED = "at once, as STOP: that is confirmed, and nothing more is ever said, whatever the model makes of it"


class TryOut:
    """Answers what is asked on the page; `is_stop` tells what no model is asked about."""

    def __init__(self, database: Database, readers: Readers, is_stop: Callable[[str], bool]) -> None:
        self._database, self._readers, self._is_stop = database, readers, is_stop

    async def answer_all(self) -> None:
        """Answer every question, until the connection is lost."""
        async for question in tries.questions(self._database):
            for version in question.versions:
                await tries.answer(self._database, question, await self.answer(question, version))

    async def answer(self, question: Question, version: int) -> Tried:
        """What a version makes of the text of a question."""
        try:
            async with self._database.reading() as session:
                model = await versions.get(session, version)
            if model.gone_at is not None:
                return Tried(version, trouble=f"Its file was deleted: {model.gone_why}.")
            tried = await _read(await self._readers.get(model.file), version, question.text)
            return replace(tried, says=(), ends=STOPPED) if self._is_stop(question.text) else tried
        except NoSuchVersion as error:
            return Tried(version, trouble=error.sentence)
        except ReaderDown as error:
            log.warning("version %s could not be tried: %s", version, error)
            return Tried(version, trouble=f"It could not be asked: {error}.")


async def _read(reader: Reader, version: int, text: str) -> Tried:
    read = await reader.read(text)
    confidence = dict(read.ranking).get(read.said, read.best[1])
    understood = Understanding(text, read.said, confidence, dict(reversed(read.entities)))
    says, ends = _told(await reader.begin(seed([understood], guess(text))))
    return Tried(version, read.said, read.ranking[:GUESSES], read.entities, read.nearest, says, ends)


def _told(parts: list[dict[str, Any]]) -> tuple[list[str], str]:
    """What is said to the customer, buttons behind it; and how the talk ends with that, if it does."""
    says = [_line(part) for part in parts if part.get("text")]
    results = [part["custom"]["triage_result"] for part in parts if "triage_result" in (part.get("custom") or {})]
    ends = [f"{one.get('outcome')} ({one.get('reason')}): {one.get('summary')}" for one in results]
    return says, ends[-1] if ends else ""


def _line(part: dict[str, Any]) -> str:
    buttons = " / ".join(str(one.get("title")) for one in part.get("buttons") or ())
    return f"{part['text']} [{buttons}]" if buttons else str(part["text"])
