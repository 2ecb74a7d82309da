"""A thread as it is on the day of its handoff, told by the functions that the bot tells it with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Author
from handoff import cases, offers, people, threads
from handoff.database import Database
from handoff.models import Attempt, Offer, OptIn, Thread
from tests.cast import MARA

KEY = b"a key for tests"


@dataclass(frozen=True)
class Story:
    """What the customer says in public and in private, and what triage made of it."""

    author: Author = MARA
    channel: str = "telegram"
    posts: tuple[str, ...] = ("@northwind seriously? charged twice for one order 😡",)
    lines: tuple[str, ...] = ("NW-20418. I was billed two times 49.90", "Can I talk to a person please")
    summary: str = "Charged twice for one order"
    reason: str = "asked for a person"
    intent: str = "charged_wrongly"
    confidence: float = 0.93
    found: dict[str, Any] = field(default_factory=lambda: {"order_number": "NW-20418", "amount": "49.90"})
    is_offer_sure: bool = True
    at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=26))


async def in_public(database: Database, story: Story = Story()) -> int:
    """The posts and the offer; nobody has opted in. The thread's id."""
    async with database.transaction("test.in public") as session:
        thread = await _opened(session, story)
        for number, text in enumerate(story.posts):
            address = f"https://example.org/{thread.id}/{number}"
            await threads.append(
                session, thread, "post", "customer", text, at=story.at, external_id=f"post-{number}", url=address
            )
        await _offered(session, thread, story)
        return thread.id


async def handed_off(database: Database, story: Story = Story()) -> int:
    """The whole way to an open case. The thread's id."""
    thread_id = await in_public(database, story)
    async with database.transaction("test.opt in") as session:
        thread = await threads.locked(session, thread_id)
        wording = "Yes, chat with Northwind in private"
        session.add(OptIn(thread_id=thread_id, wording=wording, wording_version="3", proof="their Telegram account"))
        threads.give_floor(thread, "bot", datetime.now(UTC))
        await threads.append(session, thread, "event", "customer", "Agreed to a private chat")
        greeting = "Thanks for coming over. What is the order number, if you have it?"
        hello = await threads.append(session, thread, "chat", "bot", greeting, delivery="pending")
        assert hello is not None
        hello.delivery, hello.due_at = "sent", None
        for line in story.lines:
            await threads.append(session, thread, "chat", "customer", line)
    async with database.transaction("test.hand off") as session:
        thread = await threads.locked(session, thread_id)
        await cases.hand_off(
            session,
            thread,
            story.reason,
            story.summary,
            intent=story.intent,
            confidence=story.confidence,
            found=story.found,
        )
    return thread_id


async def says(database: Database, thread_id: int, text: str) -> None:
    """The customer writes another line in private."""
    async with database.transaction("test.says") as session:
        await threads.append(session, await threads.locked(session, thread_id), "chat", "customer", text)


async def _opened(session: AsyncSession, story: Story) -> Thread:
    who = story.author
    account = people.account_hash(KEY, story.channel, who.id)
    await people.promise(session, account)
    names = {"handle": who.handle, "name": who.name}
    customer = await people.customer(session, account, story.channel, "en", **names)
    customer.external_id = who.id
    return await threads.opening(session, customer, "Northwind", "en", "a group")


async def _offered(session: AsyncSession, thread: Thread, story: Story) -> None:
    words = "Sorry to read this. Need help? Click here. (Automated, one time; nothing else unless you ask.)"
    account = people.account_hash(KEY, story.channel, story.author.id)
    expires = datetime.now(UTC) + timedelta(hours=1)
    about = {"post_id": "post-0", "text": words, "label": "Need help? Click here", "expires_at": expires}
    offer = Offer(thread_id=thread.id, account=account, problem=thread.id, **about)
    session.add(offer)
    await session.flush()
    session.add(Attempt(offer_id=offer.id, n=1))
    offer.state = "sending"
    await session.flush()
    if not story.is_offer_sure:
        return await offers.put_in_doubt(session, offer, "timed out")
    await offers.mark_sent(session, offer, "accepted", "offer-1")
    await threads.append(session, thread, "offer", "bot", words, at=story.at, external_id="offer-1")
