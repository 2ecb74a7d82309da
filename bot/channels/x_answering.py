"""What each answer of X that is no success means to us, and until when X does not want to be asked again."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channel import ChannelError, Halted, NeverDeliverable, TryLater, Unknown

SPANS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
"""The limits of which X's headers tell."""

FINAL = (
    "you have not been mentioned or otherwise engaged",
    "where you are mentioned or are the author",
    "reply to this conversation is not allowed",
    "duplicate content",
    "deleted or not visible",
    "restricted who can reply",
    "blocked",
)
"""Said of a reply that will never be accepted; all else that X refuses may be our own fault, and stops us."""

NO_WORD = 60.0
"""Seconds to wait where X says that it was too often, but not until when."""

CONNECT = "run `knock connect x`"

Clock = Callable[[], float]


class Unaccepted(Exception):
    """X does not accept the token; nothing was done."""


class Windows:
    """Which endpoints are closed, and until when: X's own words, so that it need not tell us twice."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._closed: dict[str, float] = {}

    def admit(self, endpoint: str) -> None:
        """Raises `TryLater` for a call that X would refuse."""
        if (wait := self._closed.get(endpoint, 0) - self._clock()) > 0:
            raise TryLater(wait, f"X wants no more calls of {endpoint} for now")

    def note(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Remember what the headers of an answer say."""
        ends = [_number(headers, f"{span}-reset") for span in SPANS if headers.get(f"{span}-remaining") == "0"]
        if known := [end for end in ends if end is not None]:
            self._closed[endpoint] = max(known)

    def refuse(self, endpoint: str, headers: Mapping[str, str]) -> TryLater:
        """What a 429 means: when to come back, at least a second from now even if our clocks differ."""
        now = self._clock()
        told = [self._closed.get(endpoint, 0), _number(headers, "x-rate-limit-reset") or 0]
        self._closed[endpoint] = max(now, *told) + 1 if any(told) else now + NO_WORD
        return TryLater(self._closed[endpoint] - now, f"X was asked too often: {endpoint}")


def problem_of(body: bytes) -> Mapping[str, Any]:
    """The problem that a body tells of; nothing if it is something else, such as a page for people."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def sentence_of(problem: Mapping[str, Any]) -> str:
    """X's own words."""
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    inner = first.get("message") or first.get("detail") or first.get("title") if isinstance(first, dict) else first
    outer = problem.get("detail") or problem.get("error_description") or problem.get("title")
    said = [str(one) for one in (outer, inner) if one]
    return " ".join(dict.fromkeys(said))[:300] or "no word why"


def refusal(method: str, status: int, problem: Mapping[str, Any]) -> Exception:
    """What an answer that is no success, and no 429 of a window, means for a call."""
    words = sentence_of(problem)
    if status >= 500:
        return lost(method, f"X answered {status}: {words}")
    if status == 401:
        return Unaccepted(words)
    if status == 429:
        return Halted(f"X gives no more until the cycle ends: {words}", _end_of_cycle(problem, datetime.now(UTC)))
    if method == "POST" and any(final in words.lower() for final in FINAL):
        return NeverDeliverable(f"X: {words}", blocked="blocked" in words.lower())
    if status == 402:
        return Halted(f"X wants to be paid: {words}. Top up the app's credits on its page for developers")
    if status == 403:
        todo = "Is the account in order, and may the app read and write?"
        return Halted(f"X forbids it: {words}. {todo} If so, {CONNECT}")
    return Halted(
        f"X refuses our calls ({status}): {words}. Is KNOCK_X_API right, and this version of Knock the newest?"
    )


def lost(method: str, why: str) -> ChannelError:
    """What it means that no answer came that can be understood: a look can be repeated, a word may have been said."""
    return TryLater(10, why) if method in ("GET", "PUT") else Unknown(why)


def is_capped(problem: Mapping[str, Any]) -> bool:
    """Whether a 429 is about what we pay for, and not about how often we ask."""
    return str(problem.get("type", "")).endswith("usage-capped") or problem.get("title") == "UsageCapExceeded"


def _end_of_cycle(problem: Mapping[str, Any], now: datetime) -> datetime:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if str(problem.get("period", "")).lower() == "daily":
        return today + timedelta(days=1)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return float(headers[name])
    except (KeyError, ValueError):
        return None
