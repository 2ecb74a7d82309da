"""The doorstep: the customer's pages over the town, and people who come to them with a link from X."""

import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.brand import read_brand
from bot.channel import Author, PrivateMessage
from bot.pages.app import create_app
from bot.settings import BotSettings
from tests.bot.street import ScriptedSignIn
from tests.bot.town import BRAND, COMPLAINT, Town, mention

TO_US = f"@northwind_help {COMPLAINT}"

WRONG_PERSON = "Somebody who is not the author opened the link"
"""What agents read when somebody else tried."""


@dataclass
class Doorstep:
    """The pages, and what a browser does before them."""

    town: Town
    origin: str = "http://localhost:8080"
    app: FastAPI = field(init=False)
    sign_in: ScriptedSignIn = field(init=False)

    def __post_init__(self) -> None:
        """Put the pages before the town, whose X can sign people in."""
        settings = BotSettings(secret="the secret of the tests", public_url=self.origin)
        brand = read_brand(BRAND)
        self.sign_in = self.town.x.sign_in = ScriptedSignIn()
        self.app = create_app(settings, brand, self.town.database, self.town.flow, self.town.live)

    def browser(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """Somebody's browser, without scripts."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=self.origin, headers={"Origin": self.origin})

    async def offered(self, author: Author, said: str = TO_US) -> str:
        """Somebody complains on X and is offered help; the path of the link."""
        await self.town.do(mention(author, said))
        return f"/h/{self.town.x.offers[-1].token}"

    async def leaves(self, browser: httpx.AsyncClient, link: str) -> str:
        """The browser is sent off to sign in; where to."""
        answer = await browser.post(f"{link}/prove/sign-in")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def signs_in(self, browser: httpx.AsyncClient, link: str, author: Author) -> httpx.Response:
        """Somebody signs in and comes back; what they see first."""
        return await browser.get(self.sign_in.says_yes(await self.leaves(browser, link), author))

    async def chatting(self, author: Author) -> tuple[httpx.AsyncClient, str]:
        """Somebody who signed in, and the path of the chat."""
        link, browser = await self.offered(author), self.browser()
        assert (await self.signs_in(browser, link, author)).status_code == 303
        await self.town.work()
        return browser, link

    async def code(self, browser: httpx.AsyncClient, link: str) -> str:
        """The browser asks for a code."""
        answer = await browser.post(f"{link}/prove/code")
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == f"{link}/prove/code"
        found = re.search(r'value="@northwind_help (\w{6})"', (await browser.get(f"{link}/prove/code")).text)
        assert found
        return found[1]

    async def posts(self, author: Author, said: str, **more: Any) -> None:
        """Somebody posts on X."""
        await self.town.do(mention(author, said, **more))

    async def enters(self, code: str, author: Author) -> bool:
        """Somebody posts a code; whether a browser may go on by it."""
        await self.posts(author, f"@northwind_help {code}")
        return bool(await self.town.value("SELECT count(*) FROM visits WHERE proven_at IS NOT NULL"))

    async def writes(self, author: Author, said: str) -> None:
        """Somebody sends us a direct message on X."""
        number = await self.town.value("SELECT count(*) FROM updates")
        at = await self.town.value("SELECT clock_timestamp()")
        await self.town.do(PrivateMessage("x", f"dm:{number}", author, said, at))

    async def is_open(self, browser: httpx.AsyncClient, link: str) -> bool:
        """Whether the browser sees the chat."""
        answer = await browser.get(link)
        assert answer.status_code == 200, answer.text
        return 'id="log"' in answer.text

    async def events(self) -> list[str]:
        """What happened in threads, as agents read it."""
        rows = await self.town.value(
            "SELECT coalesce(json_agg(text ORDER BY id), '[]') FROM messages WHERE kind = 'event'"
        )
        return list(rows)


@pytest.fixture
def doorstep(town: Town) -> Doorstep:
    """The pages before the town."""
    return Doorstep(town)


def cookies(answer: httpx.Response) -> SimpleCookie:
    """The cookies that an answer sets, with their properties."""
    found = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return found
