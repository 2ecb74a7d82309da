"""X in a story: Knock's channel on our fake X, and customers there, in a browser without scripts."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.assemble import key_of_x
from bot.channels.x import X
from bot.permit import policies
from bot.settings import BotSettings
from bot.spend import Purse
from handoff.database import Database
from tests.peers.fake_x import FakeX
from tests.peers.fake_x_posts import Post
from tests.stories import OnSquare, until


def settings_on(x: FakeX, **more: Any) -> dict[str, Any]:
    """What is to be set so that Knock takes this X for the real one."""
    keys = x.credentials
    return {
        "x_api": x.url,
        "x_sign_in_url": f"{x.url}/i/oauth2/authorize",
        "x_client_id": keys.client_id,
        "x_client_secret": keys.client_secret,
        "x_access_token": keys.access_token,
        "x_refresh_token": keys.refresh_token,
    } | more


def channel_on(x: FakeX, database: Database, **more: Any) -> X:
    """Knock's account on this X, which it looks at ten times a second; tokens are sealed as in a story."""
    settings = BotSettings(secret="the secret of the tests", **settings_on(x, **more))
    settings = settings.model_copy(update={"x_poll_seconds": 0.1})
    x.redirect_uris.append(f"{settings.public_origin}/proof/x")
    purse = Purse(database, X.name, policies()[X.name].price, settings.x_budget)
    return X(settings, database, key_of_x(settings, database), purse, purse, patience=60)


class OnX(OnSquare):
    """A customer on X, who proves on our page, in a browser without scripts, that the account is theirs."""

    def __init__(self, browser: httpx.AsyncClient, x: FakeX, name: str) -> None:
        super().__init__(browser, name)
        self._x = x
        self._posts: list[Post] = []

    async def complain(self, text: str, answers: Post | None = None) -> None:
        """Post, and so call us if the text does."""
        self._posts.append(self._x.post(self._name, text, answers=answers))

    async def offers(self) -> list[str]:
        """The links in our replies to this person."""
        return [urlsplit(link).path for sent in self._x.sent if sent.answers in self._posts for link in sent.links]

    async def accept(self) -> None:
        """Open the link and sign in with X."""
        self._chat = (await self.offers())[0]
        await self.browser.get(self._chat)
        chat = await self.sign_in(self._name)
        assert chat.status_code == 200, chat.text

    async def sign_in(self, name: str) -> httpx.Response:
        """Press the button, and say on X who one is; the page that this leads to."""
        away = await self.browser.post(f"{self._chat}/prove/sign-in", follow_redirects=False)
        assert away.status_code == 303, away.text
        back = await asyncio.to_thread(self._x.sign_in, away.headers["location"], name)
        return await self.browser.get(back)

    async def page(self) -> str:
        """The chat as it stands."""
        return (await self.browser.get(self._chat)).text

    async def post_the_code(self) -> None:
        """Ask for a code in place of signing in, post it, and say so."""
        self._chat = (await self.offers())[0]
        page = await self.browser.post(f"{self._chat}/prove/code")
        found = re.search(r"@northwind_help [2-9A-HJ-NP-Z]{6}", page.text)
        assert found, page.text
        self._x.post(self._name, found[0])
        await until(self._enter)

    async def _enter(self) -> bool:
        page = await self.browser.post(f"{self._chat}/prove/enter")
        return "automated assistant" in page.text
