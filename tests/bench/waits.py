"""How long people wait: for the offer under a post, for the bot's answer with ten customers at once, for a STOP."""

import asyncio
import random
import time
from itertools import count

import uvloop
from sqlalchemy import Select, func, select

from handoff.live import EVERYTHING
from handoff.models import Customer, Message, Promise, Thread
from handoff.square import SquarePost
from tests.bench.product import percentiles, whole_product
from tests.stories import OnSquare, Story, browser

CUSTOMERS = 10
ROUNDS = 5
PAUSE = 2.0, 6.0
"""Seconds that a customer reads and types before a line: the shortest and the longest."""

NUMBERS = count(1)
POST = "@northwind it arrived broken and does not switch on. Can somebody help me?"
LINES = ("Yes, that is right", "the lamp", "I think it was NW-20418")


async def seconds_until(story: Story, query: Select[int], wanted: int, thread_id: int | None = None) -> float:
    """Seconds until a count in the record is reached; it is looked at on each hint for the thread, as our pages do."""
    started = time.perf_counter()
    async with story.live.subscribed() as hints, asyncio.timeout(60):
        while True:
            async with story.database.reading() as session:
                if (await session.scalar(query) or 0) >= wanted:
                    return time.perf_counter() - started
            hint = await hints.get()
            while thread_id is not None and hint not in (thread_id, EVERYTHING):
                hint = await hints.get()


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


async def answers(story: Story, customer: OnSquare, name: str, pause: tuple[float, float]) -> list[float]:
    """Opt in, then say every line after a pause; the seconds from each line to the bot's answer in the chat."""
    async with story.database.reading() as session:
        thread_id = (await session.scalars(select(Thread.id).join(Customer).where(Customer.name == name))).one()
    said = (Message.thread_id == thread_id, Message.by == "bot", Message.kind == "chat", Message.delivery == "sent")
    heard = select(func.count(Message.id)).where(*said)
    await customer.accept()
    await seconds_until(story, heard, 2, thread_id)
    waits = []
    for number, line in enumerate(LINES):
        await asyncio.sleep(random.uniform(*pause))
        started = time.perf_counter()
        await customer.send(line)
        await seconds_until(story, heard, 3 + number, thread_id)
        waits.append(time.perf_counter() - started)
    return waits


async def stop(story: Story, customer: OnSquare, stopped: int) -> float:
    """Say STOP; the seconds until it holds, with so many who had stopped before."""
    started = time.perf_counter()
    await customer.send("stop")
    await seconds_until(story, select(func.count(Promise.account)).where(Promise.stopped_at.is_not(None)), stopped + 1)
    return time.perf_counter() - started


async def talks(story: Story, offers: list[float], stops: list[float], pause: tuple[float, float]) -> list[float]:
    """Rounds of new customers who complain one after the other, all talk at once, and stop one after the other."""
    lines: list[float] = []
    for _ in range(ROUNDS):
        numbers = [next(NUMBERS) for _ in range(CUSTOMERS)]
        people = {
            f"Customer {number}": OnSquare(browser(story, f"10.0.0.{number}"), f"Customer {number}")
            for number in numbers
        }
        for name, customer in people.items():
            offers.append(await offer(story, customer, name))
        found = await asyncio.gather(*(answers(story, one, name, pause) for name, one in people.items()))
        lines += [wait for waits in found for wait in waits]
        for customer in people.values():
            stops.append(await stop(story, customer, len(stops)))
    return lines


async def main() -> None:
    """Print all."""
    async with whole_product() as story:
        offers: list[float] = []
        stops: list[float] = []
        paused, at_once = await talks(story, offers, stops, PAUSE), await talks(story, offers, stops, (0, 0))
        percentiles("post → offer under it, one after the other", offers)
        percentiles(f"customer's line → bot's answer, {CUSTOMERS} customers who pause {PAUSE[0]}–{PAUSE[1]} s", paused)
        percentiles(f"the same, all {CUSTOMERS} in the same instant", at_once)
        percentiles("a STOP → it holds, one after the other", stops)


if __name__ == "__main__":
    uvloop.run(main())
