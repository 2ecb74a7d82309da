"""Who looks at a thread right now, and who writes: heard from all processes, kept in memory, forgotten in seconds."""

import json
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["viewing", "typing", "noting", "gone"]
"""`typing` is a reply, which the customer may hear of; `noting` is a note, which stays in the house."""

LASTS: Mapping[State, float] = {"viewing": 60.0, "typing": 5.0, "noting": 5.0}
"""Seconds until a word of somebody's presence is forgotten: a page says again that it is looked at every 25 s, and
that somebody types every 3 s. Whoever falls silent is gone from all pages 6 s later at most."""

RANKS: tuple[State, ...] = ("gone", "viewing", "noting", "typing")

CUSTOMER = 0
"""The customer of the thread, in place of an agent's number."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody at a thread: an agent's number, their name, and what they do."""

    thread_id: int
    who: int
    name: str
    state: State


class Presence:
    """What this process has heard. A browser's tab (or page) speaks for one person at one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tabs: dict[tuple[str, int], tuple[Present, float]] = {}

    def hear(self, payload: str) -> bool:
        """Take in a word of somebody's presence; whether that changes what anybody sees."""
        before = self.now()
        word = json.loads(payload)
        present = Present(word["thread"], word["who"], word["name"], word["state"])
        place = (word["tab"], present.thread_id)
        if present.state == "gone":
            self._tabs.pop(place, None)
        else:
            looked = self._tabs.get(place)
            self._tabs[place] = (present, self._clock() + LASTS[present.state])
            if looked and looked[0] == present:
                return False
        return self.now() != before

    def expire(self) -> bool:
        """Forget whoever said nothing for too long; who only stopped typing still looks. Whether anything changed."""
        now = self._clock()
        late = [(place, present) for place, (present, until) in self._tabs.items() if until <= now]
        for place, present in late:
            if present.state in ("typing", "noting") and present.who != CUSTOMER:
                looks = Present(present.thread_id, present.who, present.name, "viewing")
                self._tabs[place] = (looks, now + LASTS["viewing"])
            else:
                del self._tabs[place]
        return bool(late)

    def now(self) -> frozenset[Present]:
        """Who is where, each person once at each thread, with the most they do there."""
        most: dict[tuple[int, int], Present] = {}
        for present, _ in self._tabs.values():
            place = (present.thread_id, present.who)
            if place not in most or RANKS.index(present.state) > RANKS.index(most[place].state):
                most[place] = present
        return frozenset(most.values())

    def at(self, thread_ids: Set[int]) -> set[int]:
        """Who is at one of these threads."""
        return {present.who for present, _ in self._tabs.values() if present.thread_id in thread_ids}

    def changes(self, wanted: Callable[[Present], bool]) -> Callable[[], list[dict[str, Any]]]:
        """A question to ask again and again: what has changed since it was asked last? First: who is there."""
        seen: frozenset[Present] = frozenset()

        def ask() -> list[dict[str, Any]]:
            nonlocal seen
            now = frozenset(present for present in self.now() if wanted(present))
            here = {(present.thread_id, present.who) for present in now}
            came = [_words(present, present.state) for present in now - seen]
            left = [_words(one, "gone") for one in seen - now if (one.thread_id, one.who) not in here]
            seen = now
            return left + came

        return ask


def word(thread_id: int, who: int, name: str, state: State, tab: str) -> str:
    """What is told to all processes."""
    return json.dumps({"thread": thread_id, "who": who, "name": name, "state": state, "tab": tab})


def _words(present: Present, state: State) -> dict[str, Any]:
    return {"thread": present.thread_id, "who": present.who, "name": present.name, "state": state}
