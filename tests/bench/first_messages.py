"""How triages of real first messages end: 100 of the HINT3 test sets through the whole product, ten customers at once.

Each customer says one, then presses a button or says another at random, and has an order number of their own. Reads
`hint3/*_test.csv` in the folder that KNOCK_SHARED_DATA names; does nothing when there is none.
"""

import asyncio
import csv
import os
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import exists, select

from bot.channel import Author, PrivateMessage
from handoff import threads
from handoff.models import Customer, Message, Thread
from tests.bench.product import say, whole_product
from tests.rasa_server import ROOT
from tests.stories import Story

DATA = Path(os.environ.get("KNOCK_SHARED_DATA", ROOT.parent / "shared" / "data")) / "hint3"
MESSAGES, AT_ONCE, MOST_TURNS = 100, 10, 6
ORDER = re.compile(r"NW-\d{5}")


@dataclass(frozen=True)
class Talk:
    """How one talk ended, after how many lines of the customer, and what is wrong with it."""

    end: str
    turns: int
    trouble: str | None = None


def first_messages() -> list[str]:
    """The same 100 messages each time, drawn from all files alike."""
    found: list[str] = []
    for path in sorted(DATA.glob("*_test.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found += [row["sentence"] for row in csv.DictReader(lines)]
    random.Random(1).shuffle(found)
    return found[:MESSAGES]


class Talker:
    """A customer who answers anything."""

    def __init__(self, story: Story, number: int, messages: Sequence[str]) -> None:
        self._story, self._messages = story, messages
        self._author = Author(f"bench-{number}", name=f"Customer {number}", language="en")
        self._random = random.Random(number)
        self.order = f"NW-{10_000 + number}"

    async def talk(self, first: str) -> Talk:
        """Talk until it ends, or has lasted too long."""
        line = first
        for turn in range(1, MOST_TURNS + 1):
            await self._say(f"line-{self._author.id}-{turn}", line)
            thread = await self._answered()
            if thread.ended_at is not None or thread.speaker == "team":
                return self._judge(thread, turn)
            line = self._next(thread)
        return Talk("never ended", MOST_TURNS, "never ended")

    async def _say(self, key: str, text: str) -> None:
        message = PrivateMessage("square", key, self._author, text, datetime.now(UTC))
        await self._story.flow.on_message(message)

    async def _answered(self) -> Thread:
        """The thread, once the bot has dealt with all that was said."""
        unheard = exists().where(
            Message.thread_id == Thread.id,
            Message.by == "customer",
            Message.kind == "chat",
            Message.seq > Thread.heard_seq,
        )
        settled = Thread.ended_at.is_not(None) | (Thread.speaker == "team") | ~unheard
        query = select(Thread.id).join(Customer).where(Customer.name == self._author.name, settled)
        async with self._story.live.subscribed() as hints, asyncio.timeout(60):
            while True:
                async with self._story.database.reading() as session:
                    thread_id = await session.scalar(query)
                    if thread_id is not None and (thread := await threads.whole(session, thread_id)):
                        return thread
                await hints.get()

    def _next(self, thread: Thread) -> str:
        said = [one for one in thread.messages if one.by == "bot" and one.kind == "chat"][-1]
        if "order number" in said.text and self._random.random() < 0.5:
            return f"it is {self.order}"
        buttons = (said.buttons or [])[:-1]
        return str(self._random.choice(buttons if buttons and self._random.random() < 0.6 else self._messages))

    def _judge(self, thread: Thread, turns: int) -> Talk:
        """Is the thread whole, and does it hold nobody else's words?"""
        case = thread.cases[-1] if thread.cases else None
        end = f"a case: {case.reason}" if case else str(thread.ended_why)
        seqs = [one.seq for one in thread.messages]
        others = set(ORDER.findall(" ".join(_said(thread.messages)))) - {self.order}
        if seqs != list(range(1, thread.last_seq + 1)):
            return Talk(end, turns, "the thread has gaps")
        return Talk(end, turns, f"another customer's words: {others}" if others else None)


def _said(messages: Sequence[Message]) -> list[str]:
    return [one.text for one in messages]


def show(talks: Sequence[Talk]) -> Table:
    """The table of ends, with the customers' lines they took."""
    table = Table("how it ended", "talks", "lines at most")
    for end in sorted({talk.end for talk in talks}, key=lambda end: -sum(talk.end == end for talk in talks)):
        turns = [talk.turns for talk in talks if talk.end == end]
        table.add_row(end, str(len(turns)), str(max(turns)))
    return table


async def main() -> int:
    """Print the table and what was wrong; 1 if anything was."""
    messages = first_messages()
    if not messages:
        say(f"no messages in {DATA.name}/")
        return 0
    async with whole_product() as story:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, message: str) -> Talk:
            async with places:
                return await Talker(story, number, messages).talk(message)

        talks = await asyncio.gather(*(one(number, message) for number, message in enumerate(messages)))
    Console().print(show(talks))
    troubles = [talk.trouble for talk in talks if talk.trouble]
    say("\n".join(troubles) if troubles else "none looped, every thread is whole, nobody got another's words")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
