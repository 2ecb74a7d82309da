"""How Telegram's updates reach us, asked for or pushed: they are written down first and acknowledged afterwards."""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Never, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import RetryAfter

from bot.channel import Take, Update
from bot.channels.telegram_sending import seconds
from bot.receive import body_of

KINDS = ["message", "edited_message", "guest_message", "my_chat_member"]
"""The updates that we ask for."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram shall push updates, and the secret that proves it is Telegram: 1 to 256 of A-Z, a-z, 0-9, _, -."""

    url: str
    secret: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


async def poll(fetch: Callable[[int], Awaitable[Sequence[Any]]], take: Take) -> Never:
    """Ask for updates for ever. The next question, which tells Telegram to forget them, comes after `take` returned."""
    offset = 0
    while True:
        raw = await keep_trying(partial(fetch, offset), "Telegram brings no updates")
        if updates := list(readable(raw)):
            await keep_trying(partial(take, updates), "Updates of Telegram cannot be written down")
            offset = max(int(update.id) for update in updates) + 1
        elif raw:
            await asyncio.sleep(1)


async def keep_trying(step: Callable[[], Awaitable[T]], trouble: str) -> T:
    """What `step` brings, at the first time that it works: after 1, 2, 4 … 30 seconds, or when Telegram says."""
    wait = 1.0
    while True:
        try:
            return await step()
        except RetryAfter as error:
            wait = seconds(error)
            log.warning("%s: %s", trouble, error)
        except Exception as error:
            log.warning("%s: %s. Again in %d s", trouble, _short(error), wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, 30.0)


def readable(raw: Iterable[Any]) -> Iterator[Update]:
    """Updates as they came. One without a number could not be told from another, so it is left out."""
    for payload in raw:
        if isinstance(payload, Mapping) and type(payload.get("update_id")) is int:
            yield Update("telegram", str(payload["update_id"]), payload)
        else:
            log.error("Telegram sent something that is no update")


def webhook_route(webhook: Webhook, take: Take) -> Route:
    """The route that Telegram pushes to: 200 once the update is written down; anything else makes it push again."""

    async def receive(request: Request) -> Response:
        shown = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(shown.encode(), webhook.secret.encode()):
            return Response(status_code=403)
        if (body := await body_of(request)) is None:
            return Response(status_code=413)
        try:
            updates = list(readable([json.loads(body)]))
        except (ValueError, RecursionError):
            updates = []
        if not updates:
            return Response(status_code=400)
        try:
            await take(updates)
        except Exception as error:
            log.warning("An update of Telegram cannot be written down: %s", _short(error))
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(status_code=200)

    return Route(webhook.path, receive, methods=["POST"])


def _short(error: Exception) -> str:
    """An error for the log, without what a database shows on the next lines: the words that people said."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
