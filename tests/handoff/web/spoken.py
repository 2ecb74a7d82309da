"""What customers said, as it waits for review: told by the functions that the bot tells it with."""

from collections.abc import Mapping
from itertools import count

from bot.channel import Author
from handoff import receipts, threads, utterances
from handoff.database import Database
from nlu.rasa import FALLBACK, Understanding
from tests.handoff.web.story import Story, handed_off, in_public

UNSURE = {"refund": 0.41, "cancel": 0.3, "order_missing": 0.1}

_numbers = count(1)


def somebody() -> Author:
    """A customer whom no test has met before."""
    number = next(_numbers)
    return Author(f"7{number:05}", f"customer_{number}", f"Customer {number}")


async def says(
    database: Database,
    text: str,
    guesses: Mapping[str, float] = UNSURE,
    *,
    who: Author | None = None,
    agrees: bool = True,
    may_train: bool = True,
    channel: str = "telegram",
    is_handed_off: bool = True,
) -> tuple[int, int]:
    """Somebody says a line that the bot reads. The ids of the thread and of the message."""
    story = Story(author=who or somebody(), channel=channel, lines=())
    thread_id = await (handed_off if is_handed_off else in_public)(database, story)
    async with database.transaction("test.says") as session:
        thread = await threads.locked(session, thread_id)
        line = await threads.append(session, thread, "chat" if is_handed_off else "post", "customer", text)
        assert line is not None
        if agrees:
            await receipts.turn(session, thread, "training", True, "You may learn from it", "1")
        best, confidence = next(iter(guesses.items()))
        named = (best, confidence) if confidence >= 0.35 else (FALLBACK, 0.35)
        heard = Understanding(text, *named, ranking=tuple(guesses.items()))
        await utterances.write_down(session, thread_id, [heard], may_train=may_train)
        return thread_id, line.id


async def takes_back(database: Database, thread_id: int) -> None:
    """The customer of a thread takes back that we may learn from it."""
    await _turns(database, thread_id, given=False)


async def agrees_again(database: Database, thread_id: int) -> None:
    """And says yes to it once more."""
    await _turns(database, thread_id, given=True)


async def _turns(database: Database, thread_id: int, *, given: bool) -> None:
    async with database.transaction("test.turns") as session:
        thread = await threads.locked(session, thread_id)
        await receipts.turn(session, thread, "training", given, "You may learn from it", "1")
