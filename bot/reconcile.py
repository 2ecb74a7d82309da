"""What became of an offer whose sending was cut short: look for it, wait for a click, and in the end ask a person."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import database, offers, threads, tokens
from handoff.models import Attempt, Offer, Thread

LOOK_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An offer that may or may not have been said."""

    offer_id: int
    channel: str
    token: str


async def recover(session: AsyncSession, lease: timedelta) -> int:
    """Put in doubt what a process that is gone was sending: attempts older than `lease` without an end. How many."""
    old = (Attempt.state == "intent", Attempt.started_at < func.clock_timestamp() - lease)
    ids = list(await session.scalars(select(Attempt.offer_id).where(*old)))
    for offer_id in ids:
        offer = await offers.locked(session, offer_id)
        await offers.put_in_doubt(session, offer, "the process ended while sending")
    return len(ids)


async def next_doubt(session: AsyncSession, key: bytes) -> Doubt | None:
    """The next offer in doubt to look for; it is not looked for again before `LOOK_EVERY`."""
    query = (
        select(Offer, Thread.channel)
        .join(Thread)
        .where(Offer.state == "in_doubt", Offer.due_at <= func.clock_timestamp())
        .order_by(Offer.due_at)
        .limit(1)
        .with_for_update(of=Offer, skip_locked=True)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    offer, channel = row
    offer.due_at = func.clock_timestamp() + LOOK_EVERY
    return Doubt(offer.id, channel, tokens.offer_token(key, offer.id))


async def settle(session: AsyncSession, doubt: Doubt, found: str | None, patience: timedelta) -> None:
    """Sent, if the channel showed it; before a human, if nothing showed it for as long as `patience`."""
    offer = await offers.locked(session, doubt.offer_id)
    attempt = await offers.live_attempt(session, offer)
    if offer.state != "in_doubt" or attempt is None:
        return
    if found is not None:
        await offers.mark_sent(session, offer, "found where we said it", found)
    elif await database.clock(session) - attempt.started_at > patience:
        offer.state, offer.why = "human", "delivery unconfirmed"
        thread = await threads.locked(session, offer.thread_id)
        await threads.append(session, thread, "event", "bot", "It is not certain that the offer was delivered")
