"""That X pushes to us, and what: webhook and subscriptions are made, looked after, and proven again."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Never

from bot.channel import Author, Halted, Take
from bot.channels.x_calling import Calls, patiently

MENTION, QUOTE, MESSAGE = "post.mention.create", "post.quote.create", "dm.received"
EVENTS = (MENTION, QUOTE, MESSAGE)
"""What we ask X to push."""

SUBSCRIPTIONS, WEBHOOKS = "/2/activity/subscriptions", "/2/webhooks"

CHECK_EVERY = 1800.0
"""Seconds between two looks whether X still pushes to us."""

AGAIN = 60.0
"""Seconds after which to try again where X does not push: our pages may just have come up."""

log = logging.getLogger(__name__)


class Subscriptions:
    """That X pushes to us, and what."""

    def __init__(self, ours: Calls, app: Calls, url: str) -> None:
        self._ours, self._app, self._url = ours, app, url
        self.pushed: frozenset[str] = frozenset()
        """The events that X pushes to us, as far as we know."""

    async def follow(self, us: Author, take: Take) -> Never:
        """See to it again and again; what is pushed comes by the route.

        What X refuses is said in the log: mentions are asked for all the same.
        """
        while True:
            try:
                await patiently(lambda: self.ensure(us), "X does not push to us")
            except Halted as error:
                self.pushed = frozenset()
                log.error("X does not push to us: %s", error)
            await asyncio.sleep(CHECK_EVERY if self.pushed else AGAIN)

    async def ensure(self, us: Author) -> None:
        """The webhook is there and valid, and all events are subscribed. Raises `ChannelError`."""
        webhook_id = await self._webhook()
        ours = [one for one in await _data(self._ours, SUBSCRIPTIONS) if _account(one) == us.id]
        there = {one.get("event_type"): one for one in ours}
        self.pushed = frozenset([kind for kind in EVENTS if await self._has(kind, there.get(kind), us, webhook_id)])

    async def _has(self, kind: str, there: Mapping[str, Any] | None, us: Author, webhook_id: str) -> bool:
        """Whether X pushes these events from now on."""
        if there is None:
            return await self._subscribe(kind, us, webhook_id)
        if there.get("webhook_id") != webhook_id:
            await self._app.call("PUT", f"{SUBSCRIPTIONS}/{there.get('subscription_id')}", {"webhook_id": webhook_id})
        return True

    async def _webhook(self) -> str:
        webhook = next((one for one in await _data(self._app, WEBHOOKS) if one.get("url") == self._url), None)
        if webhook is None:
            made = await self._app.call("POST", WEBHOOKS, {"url": self._url})
            webhook = made.get("data", made)
        elif not webhook.get("valid"):
            await self._app.call("PUT", f"{WEBHOOKS}/{webhook['id']}")
        return str(webhook["id"])

    async def _subscribe(self, kind: str, us: Author, webhook_id: str) -> bool:
        body = {"event_type": kind, "filter": {"user_id": us.id}, "tag": "knock", "webhook_id": webhook_id}
        try:
            await self._ours.call("POST", SUBSCRIPTIONS, body)
        except Halted as error:
            log.warning("X does not push %s: %s", kind, error)
            return False
        return True


async def _data(calls: Calls, path: str) -> list[dict[str, Any]]:
    return [one for one in (await calls.call("GET", path)).get("data") or [] if isinstance(one, dict)]


def _account(subscription: Mapping[str, Any]) -> str:
    found = subscription.get("filter")
    return str(found.get("user_id")) if isinstance(found, dict) else ""
