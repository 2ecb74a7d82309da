"""STOP means stop: on every channel, in every state, for ever."""

import unicodedata
from functools import cache
from pathlib import Path

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.say import say
from handoff import cases, people, receipts, threads, visits
from handoff.models import Offer, Thread

BLOCKED = people.BLOCKED
"""How a STOP was said by somebody whom no confirmation can reach."""

POLITE = frozenset(
    {"please", "pls", "por", "favor", "bitte", "svp", "merci", "παρακαλώ", "thanks", "thank", "you", "now", "it"}
)
"""Words that may stand around a STOP and change nothing."""


def is_stop(text: str) -> bool:
    """Whether a line says STOP and nothing else: "stop please" does, "they must stop this" does not.

    A picture or file that came with the words says nothing: channels tell of it as "[photo]" on a line of its own.
    """
    said = text.rstrip().split("\n")
    while len(said) > 1 and said[-1].startswith("[") and said[-1].endswith("]"):
        said.pop()
    words = _words("\n".join(said))
    return words in _stops() or tuple(word for word in words if (word,) not in _polite()) in _stops()


def _words(text: str) -> tuple[str, ...]:
    """Without case, accents (capitals in Greek and French often have none), signs, and whom it is said to."""
    folded = unicodedata.normalize("NFKD", text[:200].casefold()).replace("’", "'")
    said = " ".join(word for word in folded.split() if not word.startswith("@"))
    plain = (c if c.isalnum() or c == "'" else " " for c in said if not unicodedata.combining(c))
    return tuple("".join(plain).split())


@cache
def _polite() -> frozenset[tuple[str, ...]]:
    return frozenset(map(_words, POLITE))


@cache
def _stops() -> frozenset[tuple[str, ...]]:
    lines = (Path(__file__).parent / "stop_words.txt").read_text().splitlines()
    return frozenset(_words(line) for line in lines if line and not line.startswith("#"))


async def stop(session: AsyncSession, account: str, by: str, brand: str) -> None:
    """Keep the STOP of an account: nothing that waits goes out, every thread ends, and it is said once that it is so.

    `by`: how it was said (a word, the page, a block). The lock on the promise keeps an offer's claim out.
    """
    promise = await people.promise(session, account)
    customer = await people.find(session, account)
    private = await threads.latest_opted_in(session, customer) if customer else None
    is_new = private is not None and await people.may_talk(session, private)
    is_repeated = await people.stands_stopped(session, promise)
    promise.stopped_by = by
    if not is_repeated:
        promise.stopped_at = func.clock_timestamp()
    await session.flush()
    await _suppress_offers(session, account)
    await visits.let_go(session, account)
    if customer is None:
        return
    if not is_repeated:  # or the word that confirms the first would be kept back
        await threads.withhold(session, customer)
    await receipts.take_back(session, customer, "talk")
    thread = await threads.open_thread(session, customer)
    if thread is not None:
        await _end(session, thread, by)
    if private is not None and is_new and by != BLOCKED:
        text = say("stopped", private.language, brand=brand)
        await threads.append(session, private, "event", "bot", text, delivery="pending")


async def _suppress_offers(session: AsyncSession, account: str) -> None:
    waiting = (Offer.account == account, Offer.state == "ready")
    await session.execute(update(Offer).where(*waiting).values(state="suppressed", why="stopped"))


async def _end(session: AsyncSession, thread: Thread, by: str) -> None:
    await threads.append(session, thread, "event", "customer", f"The customer said STOP ({by})")
    await cases.end(session, thread, "stopped")
