"""The one public offer: claimed in one transaction, sent outside of any, settled in another; what is in doubt stays so.

reliability: a write to the network happens only after the attempt is committed, once per attempt, and a further attempt
needs the proof that the one before had no effect. The triggers of the second migration refuse everything else.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Halted, NeverDeliverable, Post, PublicOffer, TryLater
from handoff import offers, people, persons, threads, tokens
from handoff.base import OfferState
from handoff.models import Attempt, Offer, Promise, Thread

PATIENCE = 10.0
"""Seconds after the claim in which the network call must begin: longer, and another process may think us dead."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer says and when it may be said; see `bot.brand`."""

    key: bytes
    brand: str
    cool_down: timedelta
    stale_after: timedelta = timedelta(hours=24)
    """An offer that comes later than this after the post helps nobody."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An offer that this process, and no other, may send now."""

    offer_id: int
    n: int
    channel: str
    offer: PublicOffer
    since: float

    @property
    def too_late(self) -> bool:
        return monotonic() - self.since > PATIENCE


async def propose(session: AsyncSession, terms: Terms, post: Post, language: str, text: str, label: str) -> str:
    """Write down that help shall be offered for a mention; what became of it, in the words of the tally."""
    if post.at < datetime.now(UTC) - terms.stale_after:
        return "too old"
    account = people.account_hash(terms.key, post.channel, post.author.id)
    promise, *others = await persons.promises(session, account)
    if any(one.stopped_at is not None for one in (promise, *others)):
        return "said STOP"
    known = await people.find(session, account)
    thread = await threads.open_thread(session, known) if known else None
    if thread is not None:
        await add_post(session, thread, post, account)
        return "same problem"
    cool = datetime.now(UTC) - terms.cool_down
    if any(one.offered_at is not None and one.offered_at > cool for one in (promise, *others)):
        return "offered before"
    same_post = exists().where(Offer.account == account, Offer.post_id == post.id)
    if await session.scalar(select(same_post)):
        return "offered before"
    customer = await people.customer(
        session, account, post.channel, language, handle=post.author.handle, name=post.author.name
    )
    thread = await threads.opening(session, customer, terms.brand, language, post.place)
    await add_post(session, thread, post, account)
    await _write_offer(session, terms, promise, thread, post, text, label)
    return "offer"


async def is_over(session: AsyncSession, claimed: Claimed) -> bool:
    """Whether the thread of an offer ended after it was claimed, as by a STOP."""
    ended = select(Thread.ended_at).join(Offer, Offer.thread_id == Thread.id).where(Offer.id == claimed.offer_id)
    return await session.scalar(ended) is not None


async def add_post(session: AsyncSession, thread: Thread, post: Post, account: str) -> None:
    """Attach a public post of the customer to a locked thread; a second time changes nothing."""
    await threads.append(
        session,
        thread,
        "post",
        "customer",
        post.text,
        at=post.at,
        external_id=post.id,
        url=post.url,
        author_name=post.author.name,
        account=account,
    )


async def _write_offer(
    session: AsyncSession, terms: Terms, promise: Promise, thread: Thread, post: Post, text: str, label: str
) -> None:
    promise.problems += 1
    promise.offered_at = func.clock_timestamp()
    offer = Offer(
        thread_id=thread.id,
        account=promise.account,
        problem=promise.problems,
        post_id=post.id,
        place=post.place,
        guest_query=post.guest_query,
        text=text,
        label=label,
        expires_at=min(post.at, datetime.now(UTC)) + terms.stale_after,
    )
    session.add(offer)
    await session.flush()
    offer.token_hash = tokens.digest(tokens.offer_token(terms.key, offer.id))


async def claim(session: AsyncSession, terms: Terms, silent: Collection[str] = ()) -> Claimed | bool:
    """Take the next offer that is due on a channel that is not `silent`: of the brand that waits longest, the oldest.

    `False`: there is none. `True`: one was due, but must not be sent any more.
    """
    candidate = await offers.next_due(session, silent)
    if candidate is None:
        return False
    promises = await persons.promises(session, candidate.account)
    offer = await offers.locked(session, candidate.id)
    if offer.state != "ready":
        return True
    thread = await threads.locked(session, offer.thread_id)
    if why := _too_late_for(offer, promises, thread):
        offer.state, offer.why = why
        if thread.speaker == "nobody":
            await threads.end(session, thread, f"no offer: {offer.why}")
        return True
    n = 1 + (await session.scalar(select(func.count()).where(Attempt.offer_id == offer.id)) or 0)
    session.add(Attempt(offer_id=offer.id, n=n))
    offer.state = "sending"
    await threads.append(session, thread, "offer", "bot", offer.text, client_id=f"offer-{offer.id}")
    public = PublicOffer(
        offer.post_id, offer.place, offer.text, offer.label, tokens.offer_token(terms.key, offer.id), offer.guest_query
    )
    return Claimed(offer.id, n, thread.channel, public, monotonic())


def _too_late_for(offer: Offer, promises: Sequence[Promise], thread: Thread) -> tuple[OfferState, str] | None:
    """A STOP on any account of the person counts."""
    if any(promise.stopped_at is not None for promise in promises):
        return "suppressed", "said STOP"
    if thread.speaker != "nobody" or thread.ended_at is not None:
        return "suppressed", "came by themselves"
    if offer.expires_at < datetime.now(UTC):
        return "expired", "too late to be of help"
    return None


def too_slow() -> TryLater:
    """The outcome of an attempt that was claimed too long ago to be sent: nothing was."""
    return TryLater(0, "this process was held up between the claim and the sending")


async def settle(session: AsyncSession, claimed: Claimed, outcome: str | BaseException) -> None:
    """Write down how an attempt ended: the id of what was said, or the error.

    Only an error that proves that nothing was sent makes the offer ready again; all others leave it in doubt.
    """
    offer = await offers.locked(session, claimed.offer_id)
    if isinstance(outcome, str):
        await offers.mark_sent(session, offer, "accepted", outcome)
    elif not isinstance(outcome, TryLater | NeverDeliverable | Halted):
        await offers.put_in_doubt(session, offer, f"{type(outcome).__name__}: {outcome}")
    elif await offers.mark_not_sent(session, offer, str(outcome)):
        await _not_sent(session, offer, outcome)


async def _not_sent(session: AsyncSession, offer: Offer, error: TryLater | NeverDeliverable | Halted) -> None:
    if not isinstance(error, NeverDeliverable):
        wait = error.seconds if isinstance(error, TryLater) else 0.0
        offer.state, offer.why = "ready", str(error)
        offer.due_at = datetime.now(UTC) + timedelta(seconds=wait)
        return
    offer.state, offer.why = "failed", str(error)
    thread = await threads.locked(session, offer.thread_id)
    if thread.speaker == "nobody":
        await threads.end(session, thread, f"no offer: {error}")
