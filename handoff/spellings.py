"""What somebody may have meant whose search finds nothing: names, handles and tags that are spelt nearly so."""

import asyncio
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import threads
from handoff.models import Case, Customer, Thread

NEWEST = 2000
"""Customers and cases that are looked at, the newest: comparing more would be felt."""

LONGEST = 40
"""Letters of a search and of a name that are compared: more take long, and nobody mistypes a sentence."""

CLOSE = 0.72
"""How alike two words must be, from 0 to 1: one wrong letter of four still is, half of them is not."""

MOST = 3


async def near(session: AsyncSession, search: str) -> Sequence[str]:
    """What to search for instead, the likeliest first. Only what a search would find is proposed."""
    if len(search) > LONGEST:
        return []
    agreed = exists().where(Thread.customer_id == Customer.id, Case.thread_id == Thread.id)
    erased = exists().where(Thread.customer_id == Customer.id, Thread.ended_why == threads.ERASED)
    people = select(Customer.name, Customer.handle).where(agreed, ~erased).order_by(Customer.id.desc()).limit(NEWEST)
    named = [word for row in await session.execute(people) for word in row if word]
    newest = select(Case.tags).order_by(Case.id.desc()).limit(NEWEST).subquery()
    tags = await session.scalars(select(func.unnest(newest.c.tags)).distinct())
    return await asyncio.to_thread(_alike, search, [*named, *tags])


def _alike(search: str, known: Iterable[str]) -> list[str]:
    least = CLOSE / (2 - CLOSE)  # of the longer one's letters the shorter must have, or no letters make them close
    shortest, longest = len(search) * least, min(LONGEST, len(search) / least)
    spelt: dict[str, str] = {}
    for word in known:
        for part in (word, *word.split()):
            if shortest <= len(part) <= longest:
                spelt.setdefault(part.casefold(), part)
    return [spelt[word] for word in get_close_matches(search.casefold(), spelt, MOST, CLOSE)]
