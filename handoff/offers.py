"""Offers and the attempts to say them. The triggers of the second migration refuse every step that is not here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Attempt, Offer, Thread

LATELY = timedelta(days=30)
"""For how long our own words are recognised."""


@dataclass(frozen=True, slots=True)
class Said:
    """Where something of ours was said or made, and when; not to whom."""

    channel: str
    at: datetime


async def locked(session: AsyncSession, offer_id: int) -> Offer:
    """An offer that nobody else changes until this transaction ends. Raises `NoResultFound`."""
    query = select(Offer).where(Offer.id == offer_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def by_token_hash(session: AsyncSession, token_hash: str) -> Offer | None:
    """The offer that a link belongs to."""
    return (await session.scalars(select(Offer).where(Offer.token_hash == token_hash))).one_or_none()


async def by_link(session: AsyncSession, token_hash: str) -> Said | None:
    """The offer that a link belongs to, for whoever asks."""
    query = select(Thread.channel, Offer.created_at).join(Offer).where(Offer.token_hash == token_hash)
    found = (await session.execute(query)).one_or_none()
    return Said(*found) if found else None


async def in_words(session: AsyncSession, words: str) -> Said | None:
    """The newest offer of `LATELY` that was said in these very words, white space aside, with its label or without."""
    lately = (Offer.state == "sent", Offer.created_at > func.clock_timestamp() - LATELY)
    said = (Offer.text, Offer.label, Thread.channel)
    wordings = await session.execute(
        select(*said, func.max(Offer.created_at)).join(Thread).where(*lately).group_by(*said)
    )
    same = [Said(channel, at) for text, label, channel, at in wordings if words in (_plain(text), _plain(text, label))]
    return max(same, key=lambda one: one.at, default=None)


def _plain(*texts: str) -> str:
    return " ".join(word for text in texts for word in text.split())


async def next_due(session: AsyncSession, silent: Collection[str] = ()) -> Offer | None:
    """The oldest offer that may be said now, of the brand whose last attempt is the longest ago: none starves another.

    `silent`: the channels on which nothing may be said.
    """
    due = (Offer.state == "ready", Offer.due_at <= func.clock_timestamp(), Thread.channel.not_in(silent))
    brands = set(await session.scalars(select(Thread.brand).distinct().join(Offer).where(*due)))
    if not brands:
        return None
    brand = brands.pop() if len(brands) == 1 else await _longest_ago(session, brands)
    oldest = select(Offer).join(Thread).where(*due, Thread.brand == brand).order_by(Offer.id).limit(1)
    return (await session.scalars(oldest)).first()


async def _longest_ago(session: AsyncSession, brands: Collection[str]) -> str:
    last = select(Thread.brand, func.max(Attempt.started_at)).join(Offer, Offer.thread_id == Thread.id).join(Attempt)
    recent = Attempt.started_at > func.clock_timestamp() - timedelta(days=1)
    served = dict((await session.execute(last.where(recent).group_by(Thread.brand))).all())
    return min(sorted(brands), key=lambda brand: served.get(brand, datetime.min.replace(tzinfo=UTC)))


async def waiting(session: AsyncSession) -> Mapping[str, int]:
    """How many offers wait to be said, by channel."""
    query = select(Thread.channel, func.count()).join(Offer).where(Offer.state == "ready").group_by(Thread.channel)
    return dict((await session.execute(query)).all())


async def live_attempt(session: AsyncSession, offer: Offer) -> Attempt | None:
    """The attempt that may have had an effect; there is at most one."""
    query = select(Attempt).where(Attempt.offer_id == offer.id, Attempt.state != "not_sent")
    return (await session.scalars(query)).one_or_none()


async def mark_sent(session: AsyncSession, offer: Offer, evidence: str, external_id: str | None = None) -> None:
    """Its attempt was accepted, or turned out to have been. Without a live attempt nothing changes."""
    attempt = await live_attempt(session, offer)
    if attempt is None:
        return
    if attempt.state != "sent":
        attempt.state, attempt.settled_at, attempt.evidence = "sent", func.clock_timestamp(), evidence
    attempt.external_id = attempt.external_id or external_id
    await session.flush()
    offer.state, offer.why = "sent", attempt.evidence
    await session.flush()


async def mark_not_sent(session: AsyncSession, offer: Offer, why: str) -> bool:
    """Its attempt certainly had no effect. `False` if somebody doubted that in the meantime: then it stays in doubt."""
    attempt = await live_attempt(session, offer)
    if attempt is None or attempt.state != "intent":
        return False
    attempt.state, attempt.settled_at, attempt.evidence = "not_sent", func.clock_timestamp(), why
    await session.flush()
    return True


async def put_in_doubt(session: AsyncSession, offer: Offer, why: str) -> None:
    """From here on only evidence that it was sent changes anything, or a person's word."""
    attempt = await live_attempt(session, offer)
    if attempt is None or attempt.state != "intent":
        return
    attempt.state, attempt.evidence = "in_doubt", why
    offer.state, offer.why, offer.due_at = "in_doubt", why, func.clock_timestamp()
    await session.flush()
