"""STOP means stop: on every channel, in every state, for ever."""

import unicodedata
from functools import cache
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.say import say
from handoff import people, threads
from handoff.models import Case, Offer, OptIn, Promise, Thread

BLOCKED = "blocked us"
"""How a STOP was said by somebody whom no confirmation can reach."""

POLITE = frozenset(
    {"please", "pls", "por", "favor", "bitte", "svp", "merci", "παρακαλώ", "thanks", "thank", "you", "now", "it"}
)
"""Words that may stand around a STOP and change nothing."""


def is_stop(text: str) -> bool:
    """Whether a line says STOP and nothing else: "stop please" does, "they must stop this" does not."""
    words = _words(text)
    return words in _stops() or tuple(word for word in words if word not in POLITE) in _stops()


def _words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", text[:200]).casefold().replace("’", "'")
    return tuple("".join(c if c.isalnum() or c == "'" else " " for c in folded).split())


@cache
def _stops() -> frozenset[tuple[str, ...]]:
    lines = (Path(__file__).parent / "stop_words.txt").read_text().splitlines()
    return frozenset(_words(line) for line in lines if line and not line.startswith("#"))


async def stop(session: AsyncSession, account: str, by: str, brand: str) -> None:
    """Keep the STOP of an account: nothing that waits goes out, every thread ends, and it is said once that it is so.

    `by`: how it was said (a word, the page, a block). The lock on the promise keeps an offer's claim out.
    """
    promise = await people.promise(session, account)
    promise.stopped_at, promise.stopped_by = func.clock_timestamp(), by
    await session.flush()
    await _suppress_offers(session, account)
    customer = await people.find(session, account)
    if customer is None:
        return
    thread = await threads.open_thread(session, customer)
    if thread is not None:
        await _end(session, thread, promise, by, brand)


async def _suppress_offers(session: AsyncSession, account: str) -> None:
    waiting = (Offer.account == account, Offer.state == "ready")
    await session.execute(update(Offer).where(*waiting).values(state="suppressed", why="stopped"))


async def _end(session: AsyncSession, thread: Thread, promise: Promise, by: str, brand: str) -> None:
    await threads.withhold(session, thread)
    await threads.append(session, thread, "event", "customer", f"The customer said STOP ({by})")
    opted_in = await session.scalar(select(OptIn.thread_id).where(OptIn.thread_id == thread.id))
    if opted_in and by != BLOCKED:
        text = say("stopped", thread.language, brand=brand)
        await threads.append(session, thread, "event", "bot", text, delivery="pending")
    closing = update(Case).where(Case.thread_id == thread.id, Case.closed_at.is_(None))
    await threads.end(session, thread, "stopped")
    await session.execute(closing.values(closed_at=func.clock_timestamp()))
