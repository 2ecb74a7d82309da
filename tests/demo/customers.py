"""The customers: each complains somewhere, and goes on as their fate is."""

import asyncio
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.on_x import OnX
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_x import FakeX
from tests.stories import Customer, OnSquare, OnTelegram, until

PEOPLE = Path(__file__).with_name("people.toml")
PATIENCE = 60.0
"""Seconds for what is said in a talk; a bot that is asked by forty at once takes its time."""
OFFER = 120.0
"""Seconds for an offer: on X we are looked for only every few seconds."""
IS_OVER = ("takes over", "in the line", "nobody of the team", "solved. Thank you")


@dataclass(frozen=True)
class Person:
    """Somebody, as people.toml has them."""

    name: str
    channel: str
    post: str
    fate: str
    product: str = "I don't know"
    device: str = "I don't know"
    amount: str = "I don't know"
    more: str = "It is all in my post"
    agent: str = ""
    reply: str = ""
    then: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    priority: str = ""

    def answer(self, question: str, order: str) -> str:
        """What they say to a question of the bot."""
        answers = {
            "Is that right": "Yes",
            "order number": order,
            "Which product": self.product,
            "What do you use": self.device,
            "amount": self.amount,
            "charged": self.amount,
            "solved now": "No",
        }
        return next((answer for words, answer in answers.items() if words in question), self.more)


def people() -> list[Person]:
    """Everybody, in the order in which they come."""
    found: list[dict[str, Any]] = tomllib.loads(PEOPLE.read_text("utf-8"))["person"]
    return [Person(**one | {"tags": tuple(one.get("tags", ()))}) for one in found]


def customer(person: Person, number: int, url: str, telegram: FakeTelegram, x: FakeX) -> Customer:
    """The person in front of their own device."""
    if person.channel == "telegram":
        return OnTelegram(telegram, person.name, f"Neighbours of {person.name}")
    transport = httpx.AsyncHTTPTransport(local_address=f"127.0.1.{number}")
    browser = httpx.AsyncClient(
        transport=transport, base_url=url, headers={"Origin": url}, follow_redirects=True, timeout=30
    )
    return OnX(browser, x, person.name) if person.channel == "x" else OnSquare(browser, person.name)


async def live(person: Person, one: Customer, number: int) -> None:
    """Complain, and what follows, until an agent is wanted, or nothing at all."""
    await one.complain(person.post)
    await until(one.offers, OFFER)
    if person.fate == "ignores":
        return
    if person.fate == "refuses" and isinstance(one, OnSquare):
        link = (await one.offers())[0]
        (await one.browser.post(link.replace("/h/", "/stop/"))).raise_for_status()
        return
    await one.accept()
    await _talk(person, one, f"NW-{20_400 + number}")


async def _talk(person: Person, one: Customer, order: str) -> None:
    heard = 0
    for turn in range(12):
        lines = await until(partial(_more, one, heard), PATIENCE)
        heard = len(lines)
        if any(words in line for words in IS_OVER for line in lines):
            return
        if person.fate == "leaves" and turn:
            return
        if person.fate == "stops" and turn:
            return await one.say("STOP")
        await one.say(person.answer(lines[-1], order))


async def _more(one: Customer, heard: int) -> list[str] | None:
    lines = await one.heard()
    await asyncio.sleep(0.3)
    return lines if len(lines) > heard and lines == await one.heard() else None
