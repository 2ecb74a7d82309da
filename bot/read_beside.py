"""Read beside: a version that is not at work reads what customers say, silently, after the one at work has answered.

Only lines of who agreed to training are read, from channels whose policy allows it. Nobody waits for it: what cannot be
read now, is later.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import disagreements, receipts, versions
from handoff.database import Database
from handoff.models import Message, Thread
from handoff.versions import Model
from nlu.rasa import Rasa, RasaDown, Understanding
from nlu.reader import Read, ReaderDown
from nlu.readers import Readers

log = logging.getLogger(__name__)

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a customer said and the bot has answered."""

    message_id: int
    text: str


class ReadBeside:
    """Reads what came since the last time. `trainable` are the channels whose policy lets a model learn from them."""

    def __init__(self, database: Database, readers: Readers, rasa: Rasa, trainable: frozenset[str]) -> None:
        self._database, self._readers, self._rasa, self._trainable = database, readers, rasa, trainable

    async def look(self) -> None:
        """Read the next lines, if a version is to read beside the one at work."""
        async with self._database.reading() as session:
            beside, live = await versions.beside(session), await versions.live(session)
            lines = await _lines(session, beside, self._trainable) if beside else []
        if beside is None or live is None or not lines:
            return
        try:
            reader = await self._readers.get(beside.file)
            for line in lines:
                said, at_work = await reader.read(line.text), await self._rasa.parse(line.text)
                await self._settle(beside.version, live.version, line, said, at_work)
        except (ReaderDown, RasaDown) as error:
            log.warning("version %s could not read beside: %s", beside.version, error)

    async def _settle(self, version: int, live: int, line: Line, said: Read, at_work: Understanding) -> None:
        async with self._database.transaction("beside.settle") as session:
            await disagreements.seen(session, version, line.message_id, agreed=said.said == at_work.intent)
            if said.said != at_work.intent:
                confidence = dict(said.ranking).get(said.said, 0.0)
                told = (said.said, confidence), (at_work.intent, at_work.confidence)
                await disagreements.differ(session, line.message_id, version, live, *told)


async def _lines(session: AsyncSession, beside: Model, channels: Iterable[str]) -> list[Line]:
    """Lines that came since it reads and that it has not read."""
    said = (Message.kind == "chat", Message.by == "customer", Message.written_at > beside.beside_since)
    may = (receipts.holds("training"), Thread.channel.in_(channels), Message.deleted_at.is_(None))
    query = (
        select(Message.id, Message.text)
        .join(Thread, Thread.id == Message.thread_id)
        .where(*said, *may, Message.seq <= Thread.heard_seq, Message.id > beside.beside_seen)
        .order_by(Message.id)
        .limit(AT_ONCE)
    )
    return [Line(*row) for row in await session.execute(query)]
