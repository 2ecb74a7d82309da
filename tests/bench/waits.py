"""How long people wait: from a post to the offer, from a line to the bot's answer with ten customers at once."""

import asyncio
import time

from sqlalchemy import func, select

from handoff.models import Customer, Message, Thread
from handoff.square import SquarePost
from tests.bench.product import percentiles, whole_product
from tests.stories import OnSquare, Story

CUSTOMERS = 10
ROUNDS = 5
POST = "@northwind it arrived broken and does not switch on. Can somebody help me?"
LINES = ("Yes, that is right", "the lamp", "I think it was NW-20418")


async def seconds_until(story: Story, query: object, count: int) -> float:
    """Seconds until a count in the record is reached; it is looked at on each hint, as our own pages do."""
    started = time.perf_counter()
    async with story.live.subscribed() as hints, asyncio.timeout(60):
        while True:
            async with story.database.reading() as session:
                if (await session.scalar(query) or 0) >= count:  # type: ignore[call-overload]
                    return time.perf_counter() - started
            await hints.get()


async def offer(story: Story, customer: OnSquare, name: str) -> float:
    """Post, and wait for the offer under it."""
    offers = select(func.count(SquarePost.id)).where(
        SquarePost.link.is_not(None),
        SquarePost.answers_id.in_(
            select(SquarePost.id).join(SquarePost.member).where(SquarePost.member.has(name=name))
        ),
    )
    await customer.complain(POST)
    return await seconds_until(story, offers, 1)


async def answers(story: Story, customer: OnSquare, name: str) -> list[float]:
    """Opt in, then say every line; the seconds from each line to the bot's answer in the chat."""
    heard = (
        select(func.count(Message.id))
        .join(Thread)
        .join(Customer)
        .where(Customer.name == name, Message.by == "bot", Message.kind == "chat", Message.delivery == "sent")
    )
    await customer.accept()
    await seconds_until(story, heard, 2)
    waits = []
    for number, line in enumerate(LINES):
        started = time.perf_counter()
        await customer.say(line)
        await seconds_until(story, heard, 3 + number)
        waits.append(time.perf_counter() - started)
    return waits


async def main() -> None:
    """Print both."""
    async with whole_product() as story:
        offers: list[float] = []
        lines: list[float] = []
        for number in range(ROUNDS):
            names = [f"Customer {number}-{one}" for one in range(CUSTOMERS)]
            people = [OnSquare(story, name, f"10.0.{number}.{one}") for one, name in enumerate(names)]
            for customer, name in zip(people, names, strict=True):
                offers.append(await offer(story, customer, name))
            found = await asyncio.gather(*(answers(story, one, name) for one, name in zip(people, names, strict=True)))
            lines += [wait for waits in found for wait in waits]
        percentiles("post → offer under it, one after the other", offers)
        percentiles(f"customer's line → bot's answer, {CUSTOMERS} at once", lines)


if __name__ == "__main__":
    asyncio.run(main())
