"""The channel Telegram: posts in groups, the private chat after Start, and guest messages where we are no member."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.routing import Route
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.helpers import create_deep_linked_url
from telegram.request import HTTPXRequest

from bot.channel import (
    ChannelError,
    Event,
    NeverDeliverable,
    Post,
    PrivateLine,
    PublicOffer,
    Take,
    TooLarge,
    TryLater,
    WayIn,
)
from bot.channels import telegram_files, telegram_reading
from bot.channels.telegram_listening import KINDS, Webhook, keep_trying, poll, webhook_route
from bot.channels.telegram_sending import Limits, outcome, parts, rows

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

PATIENCE = 15.0
"""Seconds for one call; an offer may need two, and must end before its sender is taken for dead."""

T = TypeVar("T")
Menu = Mapping[str, Mapping[str, str]]

log = logging.getLogger(__name__)


class Telegram:
    """One bot on Telegram. `api` is another server of the Bot API than Telegram's own; without `webhook` we poll.

    `menu`: what each command does, by language; under "" for whoever speaks none of them.
    """

    name = "telegram"

    def __init__(
        self, token: str, api: str | None = None, webhook: Webhook | None = None, menu: Menu | None = None
    ) -> None:
        for chatty in ("httpx", "telegram"):  # they log addresses, and ours carry the token
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._webhook, self._menu = webhook, menu or {}
        self._http = HTTPXRequest()
        base = (api or "https://api.telegram.org").rstrip("/")
        urls = f"{base}/bot", f"{base}/file/bot"
        self._bot = Bot(token, *urls, request=self._http, get_updates_request=self._http)
        self._limits = Limits()
        self._halfway: dict[str, list[str]] = {}
        self.username: str | None = None
        self.sees_all_posts = False

    async def start(self) -> None:
        """Ask Telegram who we are. Raises `TryLater`; `listen` and `offer` do it when it was not done before."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._introduce()
        except Exception as error:
            raise TryLater(5, f"Telegram does not say who we are: {error}") from error

    async def stop(self) -> None:
        """Close the connections."""
        await self._http.shutdown()

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """Events in one update, none if it is nothing to us. Raises `Unreadable`."""
        return telegram_reading.read(payload, self.username)

    async def listen(self, take: Take) -> None:
        """Bring updates until cancelled; with a webhook, tell Telegram where to push them and wait."""
        await keep_trying(self._introduce, "Telegram does not say who we are")
        await keep_trying(self._choose_way, "Telegram does not take our wish how to get updates")
        await self._show_menu()
        if self._webhook:
            await asyncio.Event().wait()
        await poll(self._fetch, take)

    def routes(self, take: Take) -> list[Route]:
        """Where Telegram pushes updates to, at the path of the webhook's address; nowhere if there is none."""
        return [webhook_route(self._webhook, take)] if self._webhook else []

    async def offer(self, offer: PublicOffer) -> str:
        """Answer the post with a button that opens our private chat. Raises `ChannelError`."""
        if not self.username:
            await self.start()
        button = InlineKeyboardMarkup([[InlineKeyboardButton(offer.label, url=self.link(offer.token))]])
        if offer.guest_query:
            return await self._answer_guest(offer, button)
        chat, message = _numbers(offer.in_reply_to, ":")
        _, topic = _numbers(offer.place or "", "/")
        return await self._message(
            chat,
            offer.text,
            reply_parameters=ReplyParameters(message, allow_sending_without_reply=False),
            message_thread_id=topic or None,
            reply_markup=button,
        )

    async def find_offer(self, token: str) -> str | None:
        """None: a bot cannot read what it said."""
        return None

    async def send(self, line: PrivateLine) -> str:
        """Say a line in private, in as many messages as it needs; a second try begins where the first one ended."""
        chat, _ = _numbers(line.to, ":")
        if chat <= 0:
            raise NeverDeliverable("that is not a private chat")
        if line.file is not None:
            return await self._say(
                chat, partial(telegram_files.hand_over, self._bot, chat, line.file), telegram_files.PATIENCE
            )
        said, pieces = self._halfway.pop(line.key, []), parts(line.text)
        keyboard = ReplyKeyboardMarkup(rows(line.buttons), resize_keyboard=True, one_time_keyboard=True)
        last = keyboard if line.buttons else ReplyKeyboardRemove()
        try:
            for piece in pieces[len(said) :]:
                ending = len(said) == len(pieces) - 1
                said.append(await self._message(chat, piece, reply_markup=last if ending else None))
        except ChannelError:
            if said:
                self._halfway[line.key] = said
            raise
        if not said:
            raise NeverDeliverable("there is nothing to say")
        return said[-1]

    async def fetch(self, source: str, largest: int) -> bytes:
        """A file of a private message. Telegram lets bots have 20 MB at most. Raises `ChannelError`."""
        try:
            kept = await self._call(self._bot.get_file(source))
        except NeverDeliverable as error:
            raise TooLarge(str(error)) if "too big" in str(error) else error from error.__cause__
        if not kept.file_path or (kept.file_size or 0) > largest:
            raise TooLarge(f"{kept.file_size} bytes")
        return await self._call(telegram_files.download(kept.file_path, largest), telegram_files.PATIENCE)

    async def public_thread(self, post_id: str, place: str | None, known: Sequence[str] = ()) -> Sequence[Post]:
        """Nothing: a bot cannot read what was said before; `read` gives the post that a post answers."""
        return []

    def link(self, token: str) -> str:
        """The address that opens our private chat, where Start sends the token."""
        return create_deep_linked_url(self.username or "", token)

    def way_in(self, token: str) -> WayIn:
        """Telegram tells who presses Start."""
        return WayIn(link=self.link(token))

    async def _answer_guest(self, offer: PublicOffer, button: InlineKeyboardMarkup) -> str:
        words = InputTextMessageContent(offer.text, link_preview_options=NO_PREVIEW)
        article = InlineQueryResultArticle(offer.token[:64], offer.label, words, reply_markup=button)
        self._limits.admit(None)
        answer = await self._call(self._bot.answer_guest_query(offer.guest_query or "", article))
        return answer.inline_message_id

    async def _message(self, chat: int, text: str, **options: Any) -> str:
        saying = partial(self._bot.send_message, chat, text, link_preview_options=NO_PREVIEW, **options)
        return await self._say(chat, saying)

    async def _say(self, chat: int, saying: Callable[[], Awaitable[Message]], patience: float = PATIENCE) -> str:
        self._limits.admit(chat)
        try:
            said = await self._call(saying(), patience)
        except TryLater as error:
            self._limits.rest(chat, error.seconds)
            raise
        return f"{said.chat_id}:{said.message_id}"

    async def _call(self, request: Awaitable[T], patience: float = PATIENCE) -> T:
        """What Telegram answers. The library's limits are for each step of a request, ours for the whole."""
        try:
            async with asyncio.timeout(patience):
                return await request
        except ChannelError:
            raise
        except Exception as error:
            raise outcome(error) from error

    async def _introduce(self) -> None:
        me = await self._bot.get_me()
        self.username = me.username
        self.sees_all_posts = bool(me.can_read_all_group_messages)
        if not self.sees_all_posts:
            log.warning(
                "In groups Telegram shows @%s only what is said to it: see /setprivacy of @BotFather", me.username
            )

    async def _choose_way(self) -> None:
        if self._webhook:
            url, secret = self._webhook.url, self._webhook.secret
            await self._bot.set_webhook(url, allowed_updates=KINDS, secret_token=secret)
        else:
            await self._bot.delete_webhook()

    async def _show_menu(self) -> None:
        """The commands of the private chat. They work without being shown, so nothing waits for it."""
        for language, commands in self._menu.items():
            showing = self._bot.set_my_commands(list(commands.items()), BotCommandScopeAllPrivateChats(), language)
            try:
                await self._call(showing)
            except ChannelError as error:
                log.warning("Telegram does not show the menu of our chat: %s", error)
                return

    async def _fetch(self, offset: int) -> Sequence[Any]:
        """Updates from `offset` on, as raw JSON: the library gives up a whole batch for one that it cannot read."""
        query = urlencode({"offset": offset, "timeout": 25, "allowed_updates": json.dumps(KINDS)})
        answer = await self._http.retrieve(f"{self._bot.base_url}/getUpdates?{query}", read_timeout=35)
        found: Sequence[Any] = json.loads(answer)["result"]
        return found


def _numbers(text: str, separator: str) -> tuple[int, int]:
    """The two numbers of an id, the second 0 if there is only one."""
    first, _, second = text.partition(separator)
    try:
        return int(first or 0), int(second or 0)
    except ValueError as error:
        raise NeverDeliverable(f"{text!r} is no place on Telegram") from error
