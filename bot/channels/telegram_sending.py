"""What may be said on Telegram and how often, and what each of its refusals means to us."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice

import httpx
from telegram.constants import MessageLimit
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.channel import ChannelError, NeverDeliverable, TryLater, Unknown

os.environ.setdefault("PTB_TIMEDELTA", "1")
"""The library's own way to have `RetryAfter.retry_after` as a timedelta, which it will be in its next version."""

NOT_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""No byte of the request has left us."""

BLOCKED = ("bot was blocked by the user", "user is deactivated")

Clock = Callable[[], float]


def outcome(error: Exception) -> ChannelError:
    """What a failed call means. Only what surely had no effect may be tried again; the rest is `Unknown`."""
    match error:
        case RetryAfter():
            return TryLater(seconds(error), str(error))
        case Forbidden():
            return NeverDeliverable(str(error), blocked=any(words in str(error) for words in BLOCKED))
        case ChatMigrated():
            return NeverDeliverable("the group has become another chat, in which the post has another number")
        case BadRequest():
            return NeverDeliverable(str(error))
        case InvalidToken():
            return TryLater(300, "Telegram does not accept our token")
        case TelegramError(__cause__=cause) if isinstance(cause, NOT_WRITTEN):
            return TryLater(5, f"Telegram cannot be reached: {error}")
        case _:
            return Unknown(f"no answer that we understand: {error!r}")


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else wait


class Limits:
    """How often we may speak, kept here so that Telegram need not tell us, and how long a chat must rest after it did.

    Telegram's FAQ: about 30 messages a second in all, one a second in a private chat with short bursts, 20 a minute in
    a group. One chat's rest stalls no other.
    """

    EVERYTHING = 30, 1.0
    PRIVATE = 5, 5.0
    GROUP = 20, 60.0

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[int | None, deque[float]] = {}
        self._rests: dict[int | None, float] = {}

    def admit(self, chat: int | None) -> None:
        """Count one message to `chat`, None where it has no number. Raises `TryLater` if it would be one too many."""
        now = self._clock()
        if (wait := self._rests.get(chat, now) - now) > 0:
            raise TryLater(wait, "Telegram asked us to wait in this chat")
        windows: dict[int | None, tuple[int, float]] = {None: self.EVERYTHING}
        if chat is not None:
            windows[chat] = self.GROUP if chat < 0 else self.PRIVATE
        for key, (most, period) in windows.items():
            said = self._recent(key, now - period)
            if len(said) >= most:
                raise TryLater(said[0] + period - now, "as many messages as Telegram allows were just sent")
        for key in windows:
            self._said.setdefault(key, deque()).append(now)
        self._tidy(now)

    def rest(self, chat: int | None, seconds: float) -> None:
        """Leave a chat alone for a while."""
        self._rests[chat] = self._clock() + seconds

    def _recent(self, key: int | None, since: float) -> deque[float]:
        said = self._said.get(key, deque())
        while said and said[0] <= since:
            said.popleft()
        return said

    def _tidy(self, now: float) -> None:
        """Forget what no longer counts, once there is much of it."""
        if len(self._said) + len(self._rests) > 10_000:
            longest = now - self.GROUP[1]
            self._said = {key: said for key, said in self._said.items() if said and said[-1] > longest}
            self._rests = {chat: until for chat, until in self._rests.items() if until > now}


def parts(text: str, most: int = MessageLimit.MAX_TEXT_LENGTH) -> list[str]:
    """A text in pieces of at most `most` UTF-16 units, Telegram's measure, cut between lines or else between words."""
    pieces, rest = [], text
    while _units(rest[: most + 1]) > most:
        window = rest[: _fits(rest, most)]
        cut = max(window.rfind("\n"), 0) or max(window.rfind(" "), 0) or len(window)
        pieces.append(rest[:cut])
        rest = rest[cut:].lstrip("\n ") if cut < len(window) else rest[cut:]
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _fits(text: str, most: int) -> int:
    """How many characters of `text` fit into `most` UTF-16 units."""
    room = most
    for index, character in enumerate(islice(text, most + 1)):
        room -= _units(character)
        if room < 0:
            return index
    return len(text)


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def rows(buttons: Iterable[str]) -> list[list[str]]:
    """Quick answers, two in a row."""
    rest = iter(buttons)
    return [[first, *islice(rest, 1)] for first in rest]
