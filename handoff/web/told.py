"""What each page was told last, so that it is told only what is new: of all else not the words are kept, but a hash."""

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Mapping

MOST = 2000
"""Pages of which it is known: ten for each of two hundred agents. Who is not among them is told everything."""

Parts = Mapping[str, Hashable]
"""Pieces of a page in their order, by the ids of their elements: their words, or what they are drawn from."""


class Told:
    """The newest answers to pages, each by the stamp that it was given: the list has one, and the thread beside it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._answers: OrderedDict[str, list[tuple[str, int]]] = OrderedDict()

    def again(self, stamp: str, parts: Parts) -> tuple[str, frozenset[str]]:
        """The stamp of a page that is told these parts, and which of them it has: all, if the stamp stays as it was."""
        now = [(name, hash(part)) for name, part in parts.items()]
        before = self._answers.get(stamp)
        if before == now:
            return stamp, frozenset(parts)
        self._answers.pop(stamp, None)
        known = dict(before or ())
        return self.at_first(parts), frozenset(name for name, part in now if known.get(name) == part)

    def at_first(self, parts: Parts) -> str:
        """The stamp of a page that is told all of this."""
        stamp = secrets.token_urlsafe(9)
        self._answers[stamp] = [(name, hash(part)) for name, part in parts.items()]
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return stamp
