"""Write down what a channel hands us before it is acknowledged; hand it on once, in the order it came."""

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot import channel
from handoff import database
from handoff.models import Update
from handoff.tallies import Tally

STALLED = 60
"""Seconds without a word from a bot that handles an update, after which PostgreSQL gives it to another."""

MOST_TRIES = 5
"""Tries at an update that makes our own code fail, before it is set aside so that others get their turn."""


async def write_down(session: AsyncSession, updates: Sequence[channel.Update]) -> None:
    """Keep updates, each once: the same one delivered again changes nothing."""
    if not updates:
        return
    rows = [{"channel": one.channel, "external_id": one.id, "payload": dict(one.payload)} for one in updates]
    await session.execute(insert(Update).values(rows).on_conflict_do_nothing())
    database.changed(session, 0)


async def next_update(session: AsyncSession) -> Update | None:
    """The oldest update that nobody has handled, locked. Another bot that handles it is waited for, not overtaken.

    A STOP that overtakes the START before it would be undone by it. A bot that stands still loses it.
    """
    await session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{STALLED}s'"))
    waiting = select(Update).where(Update.handled_at.is_(None)).order_by(Update.id).limit(1)
    return (await session.scalars(waiting.with_for_update())).first()


def handled(update: Update) -> None:
    """Only the id stays, so that the twin is known when it comes."""
    update.handled_at, update.payload, update.trouble = func.clock_timestamp(), None, None


def set_aside(update: Update, trouble: str) -> None:
    """Keep an update that nobody can read for a look; `knock doctor` counts them."""
    update.handled_at, update.trouble = func.clock_timestamp(), trouble


def failed(update: Update, error: Exception) -> None:
    """Try again, a few times."""
    update.tries += 1
    update.trouble = f"{type(error).__name__}: {error}"
    if update.tries >= MOST_TRIES:
        set_aside(update, update.trouble)


async def count(session: AsyncSession, channel_name: str, outcome: str) -> None:
    """One more post of today ended so."""
    row = insert(Tally).values(day=func.current_date(), channel=channel_name, outcome=outcome, posts=1)
    more = row.on_conflict_do_update(
        index_elements=[Tally.day, Tally.channel, Tally.outcome], set_={"posts": Tally.posts + 1}
    )
    await session.execute(more)
