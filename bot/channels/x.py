"""The channel X: who mentions us is read and answered once, in public; the private place is our own page."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Never

import msgspec
from starlette.routing import Route

from bot.channel import (
    Author,
    ChannelError,
    Deleted,
    Event,
    Halted,
    NeverDeliverable,
    Post,
    PrivateLine,
    PublicOffer,
    SignIn,
    Take,
    Unknown,
    WayIn,
)
from bot.channels import x_reading
from bot.channels.x_calling import Calls, patiently
from bot.channels.x_gathering import PATIENCE, Gathering, gone
from bot.channels.x_listening import Mentions
from bot.channels.x_needs import AppKey, Key, Purse
from bot.channels.x_oauth import OAuth
from bot.channels.x_reaching import Wire
from bot.channels.x_said import Said
from bot.channels.x_searching import Search
from bot.channels.x_shapes import User
from bot.channels.x_sign_in import XSignIn
from bot.channels.x_streaming import Stream
from bot.channels.x_subscribing import MENTION, MESSAGE, Subscriptions
from bot.channels.x_taking import Cursor
from bot.channels.x_webhook import Pushes
from bot.settings import BotSettings
from handoff.database import Database

SAFETY = 300.0
"""Seconds between two looks at our mentions where X pushes them: a push may be lost."""

AGAIN = 60.0
"""Seconds after which a page may ask once more who we are: its visitors must not make X busy."""

log = logging.getLogger(__name__)


class X:
    """Our account on X, and our app there."""

    name = x_reading.CHANNEL

    def __init__(
        self,
        settings: BotSettings,
        database: Database,
        key: Key,
        purse: Purse,
        spare: Purse,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """`key`: with what our account's calls are made. `spare`: who pays for what may wait.

        `patience`: seconds for what lies around a post.
        """
        logging.getLogger("tweepy").setLevel(logging.WARNING)  # below that it logs our tokens
        self._wire = Wire(settings.x_api)
        self._ours, self._beside = Calls(self._wire, key, purse), Calls(self._wire, key, spare)
        self._key, self._origin = key, settings.public_origin
        url, secret = settings.x_webhook_url, settings.x_consumer_secret
        self._pushes = Pushes(url, secret, purse) if url and secret else None
        self._poll_seconds = settings.x_poll_seconds
        self._mentions = Mentions(self._ours, Cursor(database, self.name), self._until_next_look)
        token = settings.x_bearer_token
        self._app = Calls(self._wire, AppKey(token), spare) if token else None
        self._subscriptions = Subscriptions(self._ours, self._app, url) if self._app and self._pushes and url else None
        self._search = self._searching(settings, database, spare)
        self._sign_in = sign_in(settings, purse) if settings.x_sign_in else None
        self._said = Said(self._ours)
        self._patience = patience
        self._us: Author | None = None
        self._asking: asyncio.Task[None] | None = None
        self._ask_at = 0.0

    async def start(self) -> None:
        """Ask X who we are. Raises `ChannelError`; `listen` and whatever needs it do it when it was not done before."""
        await self._ourselves()

    async def stop(self) -> None:
        """Close the connections."""
        if self._asking is not None:
            self._asking.cancel()
        await self._key.close()
        await self._wire.close()

    @property
    def handle(self) -> str | None:
        """Our name there, once X has told it."""
        return self._us.handle if self._us else None

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """Events in one update, none if it is nothing to us. Raises `Unreadable`."""
        return x_reading.read(payload)

    async def listen(self, take: Take) -> None:
        """Bring updates until cancelled. Raises `Halted`."""
        us = await patiently(self._ourselves, "X does not say who we are")
        loops = [one for one in (self._mentions, self._subscriptions, self._search) if one is not None]
        await _together([asyncio.ensure_future(one.follow(us, take)) for one in loops])

    def routes(self, take: Take) -> list[Route]:
        """Where X pushes updates to, at the path of the webhook's address; nowhere if there is none."""
        return [self._pushes.route(take)] if self._pushes else []

    async def offer(self, offer: PublicOffer) -> str:
        """Answer the post with the words and the link. Raises `ChannelError`."""
        text = f"{offer.text}\n{offer.label}: {self.link(offer.token)}"
        said = await self._paid(
            "reply", lambda x: x.create_tweet(text=text, in_reply_to_tweet_id=offer.in_reply_to, user_auth=False)
        )
        try:
            return str(said["data"]["id"])
        except (LookupError, TypeError) as error:
            raise Unknown(f"X's answer has a shape that we do not know: {said!r:.200}") from error

    async def find_offer(self, token: str) -> str | None:
        """The id of the post of ours that carries the link. Raises `ChannelError`."""
        us = await self._ourselves()
        return await self._said.with_link(us, f"/h/{token}")

    async def send(self, line: PrivateLine) -> str:
        """Nothing leaves the house: the chat page shows what the record says was sent."""
        return line.key

    async def fetch(self, source: str, largest: int) -> bytes:
        """Files come by our own page, with the line that they belong to."""
        raise NeverDeliverable("there are no files here")

    async def public_thread(
        self, post_id: str, place: str | None, known: Sequence[str] = ()
    ) -> Sequence[Post | Deleted]:
        """The post, what it answers up to the root, what its author added, and tombstones. Raises `ChannelError`."""
        return await Gathering(self._ours, self._patience).around(post_id, known)

    async def gone(self, post_ids: Sequence[str]) -> Sequence[Deleted]:
        """Those of the posts that X does not show any more. Raises `ChannelError`."""
        return await gone(self._beside, post_ids)

    def link(self, token: str) -> str:
        """Our page where the author of the post opts in."""
        return f"{self._origin}/h/{token}"

    def way_in(self, token: str) -> WayIn:
        """By signing in with X, where that is set up, or by a post to us with a code in it."""
        if self._us is None:
            self._ask_soon()
        return WayIn(sign_in=self._sign_in, code_to=self.handle, hears_messages=self._hears_messages)

    @property
    def _hears_messages(self) -> bool:
        return self._subscriptions is not None and MESSAGE in self._subscriptions.pushed

    async def _ourselves(self) -> Author:
        if self._us is None:
            answer = await self._paid("user read", lambda x: x.get_me(user_auth=False))
            try:
                user = msgspec.convert(answer["data"], User)
            except (msgspec.ValidationError, LookupError, TypeError) as error:
                raise Halted(f"X does not say who we are, but {answer!r:.200}") from error
            self._us = Author(user.id, user.username, user.name)
        return self._us

    async def _paid(self, item: str, request: Callable[[Any], Awaitable[Any]]) -> Any:
        """What X answers; what was surely not done is not paid for. Raises `ChannelError`."""
        await self._ours.spend(item)
        try:
            return await self._ours.ask(request)
        except Unknown:
            raise
        except ChannelError:
            await self._ours.refund(item, 1)
            raise

    def _ask_soon(self) -> None:
        """In a process that only shows pages nobody else asks who we are. Not more often than `AGAIN`."""
        if monotonic() > self._ask_at:
            self._ask_at = monotonic() + AGAIN
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        try:
            await self._ourselves()
        except Exception as error:
            log.warning("X does not say who we are: %s", error)

    def _until_next_look(self) -> float:
        return SAFETY if self._subscriptions and MENTION in self._subscriptions.pushed else self._poll_seconds

    def _searching(self, settings: BotSettings, database: Database, spare: Purse) -> Search | Stream | None:
        token, query = settings.x_bearer_token, settings.x_search
        if self._app is None or not token or not query:
            return None
        if settings.x_stream:
            return Stream(self._app, self._wire, spare, token, query)
        return Search(self._app, Cursor(database, f"{self.name} search"), query)


def oauth(settings: BotSettings) -> OAuth:
    """Our app, as X's token endpoints know it."""
    return OAuth(settings.x_api, settings.x_sign_in_url, settings.x_client_id or "", settings.x_client_secret)


def redirect_uri(settings: BotSettings) -> str:
    """Our page that X sends browsers back to: the one address that is to be registered with the app."""
    return f"{settings.public_origin}/proof/x"


def sign_in(settings: BotSettings, purse: Purse) -> SignIn:
    """Proof by X."""
    return XSignIn(oauth(settings), purse, redirect_uri(settings))


async def _together(tasks: Sequence["asyncio.Future[Never]"]) -> None:
    """Until one of them fails, with that error; then, or when we are cancelled, all end."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
