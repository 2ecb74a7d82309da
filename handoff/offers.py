"""Offers and the attempts to say them. The triggers of the second migration refuse every step that is not here."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Attempt, Offer


async def locked(session: AsyncSession, offer_id: int) -> Offer:
    """An offer that nobody else changes until this transaction ends. Raises `NoResultFound`."""
    query = select(Offer).where(Offer.id == offer_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def by_token_hash(session: AsyncSession, token_hash: str) -> Offer | None:
    """The offer that a link belongs to."""
    return (await session.scalars(select(Offer).where(Offer.token_hash == token_hash))).one_or_none()


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
