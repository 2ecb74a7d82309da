"""Delete what we may not keep: the words of strangers after a day, of customers after the brand's retention time.

And all of a customer at once, when they wish it.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, delete, exists, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, database, members, people, persons, receipts, square, threads, visits
from handoff.drafts import Draft
from handoff.models import Attempt, Case, Customer, Message, Offer, OptIn, Thread, Update
from handoff.square import SquarePost

STRANGERS = timedelta(hours=24)
"""How long the text and handle of somebody who did not opt in are kept (the invariants, number 9)."""

LATELY = timedelta(minutes=5)
"""A few rounds of forgetting, in case Rasa is away in the first."""

TOMBSTONE = "Deleted at the customer's wish."
"""What agents read in place of the summary."""


_TELLS = or_(
    Message.deleted_at.is_(None),
    Message.author_name.is_not(None),
    Message.account.is_not(None),
    Message.url.is_not(None),
)
"""What is said, or a tombstone that still tells whose it is."""


async def strangers(session: AsyncSession) -> int:
    """Empty the posts and names of threads without an opt-in that are older than a day. How many threads."""
    old = Thread.opened_at < func.clock_timestamp() - STRANGERS
    said = exists().where(Message.thread_id == Thread.id, _TELLS, Message.kind == "post")
    ids = await _locked(session, old, ~_opted_in(), said)
    await _empty(session, ids)
    return len(ids)


async def chats(session: AsyncSession, retention: timedelta, keep: timedelta) -> int:
    """Empty what was said in threads that ended longer ago than `retention`; or than `keep`, for whoever agreed to it.

    How many threads.
    """
    now = func.clock_timestamp()
    old = and_(Thread.ended_at < now - retention, ~receipts.holds("keep") | (Thread.ended_at < now - keep))
    said = exists().where(Message.thread_id == Thread.id, _TELLS, Message.kind != "event")
    ids = await _locked(session, old, said)
    await _empty(session, ids)
    return len(ids)


async def links(session: AsyncSession, life: timedelta) -> int:
    """End threads whose link nobody used in its life. How many."""
    old = select(Thread).join(Offer).where(Thread.ended_at.is_(None), Offer.created_at < func.clock_timestamp() - life)
    found = (await session.scalars(old.where(~_opted_in()).with_for_update(of=Thread, skip_locked=True))).all()
    for thread in found:
        await threads.end(session, thread, "the link was not used")
    return len(found)


async def updates(session: AsyncSession) -> None:
    """Empty updates that could not be read, once they are a day old."""
    old = Update.received_at < func.clock_timestamp() - STRANGERS
    await session.execute(update(Update).where(old, Update.handled_at.is_not(None)).values(payload=None))


async def person(session: AsyncSession, account: str, external_id: str) -> None:
    """Empty, in every thread of an account, all that was said and all that is known of it. Open threads end.

    What stays: the keyed hash of the account with its STOP, the times of our offers, and the receipts. `external_id`:
    the account's own, which may be in updates that we could not read.
    """
    await hold(session, account)
    customer = await people.find(session, account)
    if customer is None:
        await _stranger(session, account, external_id)
        return
    named = [external_id, customer.handle]
    theirs = select(Thread).where(Thread.customer_id == customer.id).order_by(Thread.id)
    found = (await session.scalars(theirs.with_for_update())).all()
    await threads.withhold(session, customer)
    for thread in found:
        if thread.ended_why != threads.ERASED:
            await threads.append(session, thread, "event", "customer", "The customer had everything deleted")
            await cases.end(session, thread, threads.ERASED)
    ids = [thread.id for thread in found]
    await _empty_elsewhere(session, customer, external_id, ids)
    await _erase(session, ids)
    await _erase_offers(session, account)
    await visits.end(session, account)
    await _empty_unread(session, customer.channel, named)
    if customer.channel == square.CHANNEL:
        await square.leave(session, int(external_id))
    customer.handle = customer.name = customer.external_id = None
    await session.flush()
    await persons.leave(session, customer.id)


async def _stranger(session: AsyncSession, account: str, external_id: str) -> None:
    """Who never spoke to us: posts of theirs may stand beside somebody else's."""
    there = select(Thread.channel).join(Message, Message.thread_id == Thread.id).where(Message.account == account)
    channel = await session.scalar(there.limit(1))
    if channel is None:
        return
    await _empty_posts(session, Message.account == account)
    await _empty_unread(session, channel, [external_id])
    if channel == square.CHANNEL:
        await square.leave(session, int(external_id))


async def hold(session: AsyncSession, account: str) -> None:
    """Lock the promise and the offers of an account, which come before its threads: so does who settles an offer."""
    await people.promise(session, account)
    await session.execute(select(Offer.id).where(Offer.account == account).order_by(Offer.id).with_for_update())


async def whom(session: AsyncSession, key: bytes, channel: str, who: str) -> tuple[str, str] | None:
    """The account that is meant by a handle, by a name on the square or by an id, and that id if it is known.

    Of whom we know nothing but posts that stand beside other people's, only the id tells.
    """
    if channel == square.CHANNEL and (member := await members.called(session, who)):
        who = str(member.id)
    found = await people.find(session, people.account_hash(key, channel, who))
    if found is None and channel != square.CHANNEL:
        found = await people.called(session, channel, who)
    if found is not None:
        return found.account, found.external_id or who
    account = people.account_hash(key, channel, who)
    has_posts = await session.scalar(select(Message.id).where(Message.account == account).limit(1)) is not None
    return (account, who) if has_posts else None


async def lately_over(session: AsyncSession) -> Sequence[int]:
    """The threads whose talk with the bot ended in the last minutes: what Rasa still holds of them goes too."""
    since = func.clock_timestamp() - LATELY
    handed_off = exists().where(Case.thread_id == Thread.id, Case.opened_at > since)
    over = or_(Thread.ended_at > since, handed_off & (Thread.speaker != "bot"))
    return (await session.scalars(select(Thread.id).where(Thread.changed_at > since, over, _opted_in()))).all()


async def _empty_elsewhere(session: AsyncSession, customer: Customer, external_id: str, ids: list[int]) -> None:
    """The posts of these threads' customer, where they are attached to other people's threads.

    Those threads are only hinted at, not locked: whoever deletes locks their own alone.
    """
    own = select(Message.external_id).where(
        Message.thread_id.in_(ids), Message.kind == "post", Message.by == "customer", Message.external_id.is_not(None)
    )
    others = select(Thread.id).where(Thread.channel == customer.channel, Thread.id.not_in(ids))
    signed = Message.account.is_(None) & _signed(customer, external_id)
    for theirs in (Message.account == customer.account, Message.external_id.in_(own), signed):
        await _empty_posts(session, theirs, Message.thread_id.in_(others))


async def _empty_posts(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    gone = {
        "text": "",
        "url": None,
        "author_name": None,
        "account": None,
        "trouble": threads.ERASED,
        "deleted_at": func.clock_timestamp(),
    }
    emptied = update(Message).where(Message.kind == "post", *which).values(gone).returning(Message.thread_id)
    for thread_id in await session.scalars(emptied.execution_options(synchronize_session=False)):
        database.changed(session, thread_id)


def _signed(customer: Customer, external_id: str) -> ColumnElement[bool]:
    """Posts of theirs from before it was written down whose a post is, as far as the channel lets us tell."""
    if customer.channel == square.CHANNEL:
        said = select(cast(SquarePost.id, Text)).where(SquarePost.member_id == int(external_id))
        return Message.external_id.in_(said)
    if customer.channel != "x" or customer.handle is None:
        return false()
    return Message.url.istartswith(f"https://x.com/{customer.handle}/status/", autoescape=True)


async def _erase(session: AsyncSession, ids: list[int]) -> None:
    """What emptying leaves for the reader of an ended thread, its ids at the platform among it, goes too."""
    await _empty(session, ids)
    traces = update(Message).where(Message.thread_id.in_(ids))
    await session.execute(traces.values(external_id=None, client_id=None, trouble=None))
    unsent = Message.delivery.in_(("pending", "failed", "draft"))
    await session.execute(traces.where(unsent).values(delivery="withheld", due_at=None))
    tombstone = update(Case).where(Case.thread_id.in_(ids))
    await session.execute(tombstone.values(summary=TOMBSTONE, intent=None, confidence=None, tags=[]))
    tagged = traces.where(Message.kind == "event", Message.text.like("% the tag “%"))
    await session.execute(tagged.values(text=func.regexp_replace(Message.text, "“.*”", "“…”")))
    await session.execute(update(Thread).where(Thread.id.in_(ids)).values(place=None))


async def _erase_offers(session: AsyncSession, account: str) -> None:
    made = update(Offer).where(Offer.account == account)
    await session.execute(made.where(Offer.state == "ready").values(state="suppressed"))
    await session.execute(made.values(post_id="", place=None, guest_query=None, why=None))
    tries = Attempt.offer_id.in_(select(Offer.id).where(Offer.account == account))
    await session.execute(update(Attempt).where(tries).values(external_id=None, evidence=None))


async def _empty_unread(session: AsyncSession, channel: str, named: Sequence[str | None]) -> None:
    """Updates that were set aside, and in which the account is named; what still waits is handled in its turn."""
    names = "|".join(re.escape(name) for name in named if name)
    there = cast(Update.payload, Text).regexp_match(rf"(^|[^[:alnum:]])({names})([^[:alnum:]]|$)", "i")
    aside = (Update.channel == channel, Update.handled_at.is_not(None), Update.payload.is_not(None))
    await session.execute(update(Update).where(*aside, there).values(payload=None, trouble=None))


async def browsers(session: AsyncSession) -> None:
    """Delete visits that are over, and the names of people of whom nothing else is left."""
    over = await visits.forget(session)
    said = exists().where(
        Thread.customer_id == Customer.id,
        Thread.id == Message.thread_id,
        Message.deleted_at.is_(None),
        Message.kind != "event",
    )
    names = update(Customer).where(Customer.account.in_(over), ~said)
    await session.execute(names.values(handle=None, name=None, external_id=None))


def _opted_in() -> ColumnElement[bool]:
    return exists().where(OptIn.thread_id == Thread.id)


async def _locked(session: AsyncSession, *which: ColumnElement[bool]) -> list[int]:
    """Threads that nobody is at work on (the others come next time), locked before their messages, as everywhere."""
    query = select(Thread.id).where(*which).order_by(Thread.id)
    return list(await session.scalars(query.with_for_update(of=Thread, skip_locked=True)))


async def _empty(session: AsyncSession, ids: list[int]) -> None:
    if not ids:
        return
    words = update(Message).where(Message.thread_id.in_(ids), Message.kind != "event", Message.deleted_at.is_(None))
    await session.execute(words.values(text="", buttons=None, deleted_at=func.clock_timestamp()))
    tombstones = update(Message).where(Message.thread_id.in_(ids), Message.kind != "event", _TELLS)
    await session.execute(tombstones.values(url=None, author_name=None, account=None))
    await session.execute(delete(Draft).where(Draft.thread_id.in_(ids)))
    await attachments.forget(session, ids)
    await session.execute(update(Thread).where(Thread.id.in_(ids)).values(talk=None))
    await session.execute(update(Case).where(Case.thread_id.in_(ids)).values(summary="", found={}))
    others = exists().where(
        Thread.customer_id == Customer.id,
        Thread.id == Message.thread_id,
        Message.deleted_at.is_(None),
        Message.kind != "event",
    )
    names = update(Customer).where(Customer.id.in_(select(Thread.customer_id).where(Thread.id.in_(ids))), ~others)
    await session.execute(names.values(handle=None, name=None, external_id=None))
