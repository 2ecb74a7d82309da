"""How X pushes to us: only what it signed is believed, and it hears 200 once that is written down."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Never
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channel import Author, ChannelError, Halted, Take, TryLater, Update
from bot.channels.x_calling import Calls, Purse, patiently
from bot.channels.x_reading import CHANNEL

SIGNATURE = "x-twitter-webhooks-signature"
EVENTS = ("post.mention.create", "post.quote.create", "dm.received")
"""What we ask X to push."""

LARGEST = 1_000_000
"""Bytes of a push; real ones stay far below."""

CHALLENGE = re.compile(r"[A-Za-z0-9_+/=.-]{1,200}")
"""What X's checks look like. Our answer is what a signature is, too: to no text that could be a push do we give one."""

SUBSCRIPTIONS, WEBHOOKS = "/2/activity/subscriptions", "/2/webhooks"

CHECK_EVERY = 1800.0
"""Seconds between two looks whether X still pushes to us."""

log = logging.getLogger(__name__)


class Pushes:
    """What X pushes to one address of ours."""

    def __init__(self, url: str, consumer_secret: str, purse: Purse) -> None:
        self.url = url
        self._secret, self._purse = consumer_secret.encode(), purse

    def route(self, take: Take) -> Route:
        """The route at the path of the address."""

        async def receive(request: Request) -> Response:
            if request.method == "POST":
                return await self._push(request, take)
            return self._check(request.query_params.get("crc_token", ""))

        return Route(urlsplit(self.url).path or "/", receive, methods=["GET", "POST"])

    def _check(self, challenge: str) -> Response:
        """X asks whether we know the secret (CRC)."""
        if not CHALLENGE.fullmatch(challenge):
            return Response(status_code=400)
        return JSONResponse({"response_token": self._sign(challenge.encode())})

    async def _push(self, request: Request, take: Take) -> Response:
        """200 once it is written down; anything else makes X push again."""
        shown = request.headers.get(SIGNATURE, "")
        if not shown:
            return Response(status_code=403)
        if (body := await _body(request)) is None:
            return Response(status_code=413)
        if not hmac.compare_digest(shown.encode(), self._sign(body).encode()):
            return Response(status_code=403)
        if (update := _update(body)) is None:
            return Response(status_code=400)
        try:
            await take([update])
        except Exception as error:
            log.warning("A push of X cannot be written down: %s", type(error).__name__)
            return Response(status_code=503)
        await self._pay(update)
        return Response(status_code=200)

    async def _pay(self, update: Update) -> None:
        """It costs whether we want it or not, so the budget can but be told."""
        with suppress(TryLater):
            await self._purse.spend("dm event" if update.id.startswith("dm:") else "event")

    def _sign(self, body: bytes) -> str:
        return "sha256=" + base64.b64encode(hmac.new(self._secret, body, hashlib.sha256).digest()).decode()


class Subscriptions:
    """That X pushes to us, and what."""

    def __init__(self, ours: Calls, app: Calls, url: str) -> None:
        self._ours, self._app, self._url = ours, app, url

    async def follow(self, us: Author, take: Take) -> Never:
        """See to it again and again; what is pushed comes by the route.

        What X refuses is said in the log: mentions are asked for all the same.
        """
        while True:
            try:
                await patiently(lambda: self.ensure(us), "X does not push to us")
            except Halted as error:
                log.error("X does not push to us: %s", error)
            await asyncio.sleep(CHECK_EVERY)

    async def ensure(self, us: Author) -> None:
        """The webhook is there and valid, and all events are subscribed. Raises `ChannelError`."""
        webhook_id = await self._webhook()
        ours = [one for one in await _data(self._ours, SUBSCRIPTIONS) if _account(one) == us.id]
        there = {one.get("event_type"): one for one in ours}
        for kind in EVENTS:
            if kind not in there:
                await self._subscribe(kind, us, webhook_id)
            elif there[kind].get("webhook_id") != webhook_id:
                path = f"{SUBSCRIPTIONS}/{there[kind].get('subscription_id')}"
                await self._app.call("PUT", path, {"webhook_id": webhook_id})

    async def _webhook(self) -> str:
        webhook = next((one for one in await _data(self._app, WEBHOOKS) if one.get("url") == self._url), None)
        if webhook is None:
            made = await self._app.call("POST", WEBHOOKS, {"url": self._url})
            webhook = made.get("data", made)
        elif not webhook.get("valid"):
            await self._app.call("PUT", f"{WEBHOOKS}/{webhook['id']}")
        return str(webhook["id"])

    async def _subscribe(self, kind: str, us: Author, webhook_id: str) -> None:
        body = {"event_type": kind, "filter": {"user_id": us.id}, "tag": "knock", "webhook_id": webhook_id}
        try:
            await self._ours.call("POST", SUBSCRIPTIONS, body)
        except TryLater:
            raise
        except ChannelError as error:
            log.warning("X does not push %s: %s", kind, error)


async def _data(calls: Calls, path: str) -> list[dict[str, Any]]:
    return [one for one in (await calls.call("GET", path)).get("data") or [] if isinstance(one, dict)]


def _account(subscription: Mapping[str, Any]) -> str:
    found = subscription.get("filter")
    return str(found.get("user_id")) if isinstance(found, dict) else ""


def _update(body: bytes) -> Update | None:
    """A push under the id of what it is about, so that it is known again however it comes; None if it is no event."""
    try:
        payload = json.loads(body)
        event = payload["data"]
        about, uuid, kind = event["payload"], str(event["event_uuid"]), str(event["event_type"])
        if kind.startswith("post.") and kind.endswith(".create"):
            return Update(CHANNEL, f"post:{about['id']}", payload)
        if kind == "dm.received":
            return Update(CHANNEL, f"dm:{about['direct_message_events'][0]['id']}", payload)
        return Update(CHANNEL, f"event:{uuid}", payload)
    except (ValueError, RecursionError, LookupError, TypeError):
        return None


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
