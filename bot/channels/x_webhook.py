"""How X pushes to us: only what it signed is believed, and it hears 200 once that is written down."""

import base64
import hashlib
import hmac
import json
import logging
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channel import Take, TryLater, Update
from bot.channels.x_needs import Purse
from bot.channels.x_reading import CHANNEL
from bot.receive import body_of
from handoff import database

SIGNATURE = "x-twitter-webhooks-signature"
CHALLENGE = re.compile(r"[A-Za-z0-9_+/=.-]{1,200}")
"""What X's checks look like. Our answer is what a signature is, too: to no text that could be a push do we give one."""

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
        if (body := await body_of(request)) is None:
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
        try:
            await self._purse.spend("dm event" if update.id.startswith("dm:") else "event")
        except (TryLater, *database.AWAY) as error:
            log.warning("A push of X is not in the books: %s", error)

    def _sign(self, body: bytes) -> str:
        return "sha256=" + base64.b64encode(hmac.new(self._secret, body, hashlib.sha256).digest()).decode()


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
