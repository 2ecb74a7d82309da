"""The click: is it the author? Then their yes is written down, and the bot may speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Author, Click
from bot.say import say
from handoff import offers, people, receipts, threads, tokens
from handoff.models import Customer, Message, Offer, OptIn, Promise, Thread

STRANGER = "Somebody who is not the author opened the link"
"""What a thread is told of strangers, once a day: the link is public, and they may be many."""

Outcome = Literal["opted_in", "already", "not_author", "unknown", "expired", "stopped"]


@dataclass(frozen=True, slots=True)
class Clicked:
    """What a click did; `thread_id` is set for nobody but the proven author."""

    outcome: Outcome
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Yes:
    """What a customer says yes to: the words by the button in each language, their version, and the brand behind it."""

    key: bytes
    brand: str
    wordings: Mapping[str, str]
    wording_version: str
    link_life: timedelta

    def wording(self, language: str) -> str:
        """The words in the language, or in the brand's first one."""
        return self.wordings.get(language) or next(iter(self.wordings.values()))


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page behind a link may know before anybody is proven to be the author."""

    thread_id: int
    channel: str
    account: str
    language: str
    expired: bool
    opted_in: bool
    stopped: bool
    posted_at: datetime | None = None


async def landing(session: AsyncSession, yes: Yes, token: str) -> Landing | None:
    """Look a link up and change nothing; `None` if it is none of ours, which takes the same one question."""
    post = (Message.thread_id == Thread.id, Message.kind == "post", Message.by == "customer")
    posted_at = select(func.max(Message.at)).where(*post).correlate(Thread).scalar_subquery()
    query = select(Offer, Thread, Promise, OptIn, posted_at).where(Offer.token_hash == tokens.digest(token))
    joined = query.join(Thread, Thread.id == Offer.thread_id).join(Promise, Promise.account == Offer.account)
    found = (await session.execute(joined.outerjoin(OptIn, OptIn.thread_id == Thread.id))).one_or_none()
    if found is None:
        return None
    offer, thread, promise, opt_in, at = found
    stopped = promise.stopped_at is not None and (opt_in is None or promise.stopped_at > opt_in.at)
    erased = thread.ended_why == threads.ERASED
    said_yes, expired = opt_in is not None and not erased, erased or _expired(offer, yes)
    return Landing(thread.id, thread.channel, offer.account, thread.language, expired, said_yes, stopped, at)


async def in_chat(session: AsyncSession, account: str) -> bool:
    """Whether the account is in a chat with us, by whatever link it came; nothing changes that meanwhile."""
    await people.promise(session, account)
    query = select(OptIn.thread_id).join(Thread).join(Customer)
    found = query.where(Customer.account == account, Thread.ended_at.is_(None))
    return await session.scalar(found.limit(1)) is not None


async def click(session: AsyncSession, yes: Yes, event: Click, proof: str) -> Clicked:
    """Opt the author in. For anybody else nothing happens, but a line in the thread that somebody tried."""
    offer = await offers.by_token_hash(session, tokens.digest(event.token or ""))
    if offer is None:
        return Clicked("unknown")
    account = people.account_hash(yes.key, event.channel, event.author.id)
    promise = await people.promise(session, offer.account)
    offer = await offers.locked(session, offer.id)
    thread = await threads.locked(session, offer.thread_id)
    if account != offer.account:
        once_a_day = f"stranger-{thread.id}-{datetime.now(UTC):%Y%m%d}"
        await threads.append(session, thread, "event", "other", STRANGER, client_id=once_a_day)
        return Clicked("not_author")
    if thread.ended_why == threads.ERASED:
        return Clicked("expired")
    opt_in = await session.get(OptIn, thread.id)
    if promise.stopped_at is not None and (opt_in is None or opt_in.at < promise.stopped_at):
        return Clicked("stopped", thread.id)
    if opt_in is not None:
        return Clicked("already", thread.id)
    if _expired(offer, yes):
        return Clicked("expired")
    return await _take_in(session, yes, offer, thread, event, proof)


async def _take_in(session: AsyncSession, yes: Yes, offer: Offer, thread: Thread, event: Click, proof: str) -> Clicked:
    await offers.mark_sent(session, offer, "the link was clicked")
    customer = await session.get_one(Customer, thread.customer_id)
    other = await threads.open_thread(session, customer)
    if other is not None and other.id != thread.id:
        return Clicked("already", other.id)
    await _let_in(session, yes, customer, thread, event.author, proof, event.language)
    return Clicked("opted_in", thread.id)


async def alone(
    session: AsyncSession,
    yes: Yes,
    channel: str,
    author: Author,
    language: str,
    proof: str,
    shown_in: str | None = None,
) -> Thread:
    """Opt in somebody who came to our private place by themselves; their thread, locked, new if they had none open.

    `shown_in`: the language of the words that they agreed to, if a page of ours showed them.
    """
    account = people.account_hash(yes.key, channel, author.id)
    await people.promise(session, account)
    customer = await people.customer(session, account, channel, language, handle=author.handle, name=author.name)
    thread = await threads.open_thread(session, customer)
    if thread is None:
        thread = await threads.opening(session, customer, yes.brand, language, None)
    if await session.get(OptIn, thread.id) is None:
        await _let_in(session, yes, customer, thread, author, proof, shown_in)
    return thread


async def say_not_yours(session: AsyncSession, thread: Thread, event: Click) -> None:
    """Tell whoever came by somebody else's link that it was not for them."""
    text, once = say("not_author", thread.language), f"not-author-{event.id}"
    await threads.append(session, thread, "chat", "bot", text, client_id=once, delivery="pending")


async def _let_in(
    session: AsyncSession,
    yes: Yes,
    customer: Customer,
    thread: Thread,
    author: Author,
    proof: str,
    shown_in: str | None = None,
) -> None:
    wording = yes.wording(shown_in or thread.language)
    session.add(OptIn(thread_id=thread.id, wording=wording, wording_version=yes.wording_version, proof=proof))
    await receipts.turn(session, thread, "talk", True, wording, yes.wording_version)
    customer.external_id, customer.handle, customer.name = author.id, author.handle, author.name
    thread.ended_at = thread.ended_why = None
    threads.give_floor(thread, "bot", func.clock_timestamp())
    await threads.append(session, thread, "event", "customer", f"Agreed to a private chat ({proof})")
    hello = say("hello", thread.language, brand=yes.brand)
    await threads.append(session, thread, "chat", "bot", hello, delivery="pending")


def _expired(offer: Offer, yes: Yes) -> bool:
    return offer.created_at + yes.link_life < datetime.now(UTC)


async def has_talked(session: AsyncSession, account: str) -> bool:
    """Whether the account ever opted in."""
    query = select(OptIn.thread_id).join(Thread).join(Customer).where(Customer.account == account).limit(1)
    return await session.scalar(query) is not None
