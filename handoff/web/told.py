"""What each page was told last, so that it is told only what is new: of all else not the words are kept, but a hash."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence, Set
from typing import TypeVar

MOST = 2000
"""Answers of which it is known: ten for each of two hundred agents. Who has another one is told everything."""

P = TypeVar("P", bound=Hashable)

Parts = Sequence[Hashable]
"""What stands for the pieces of a page, in their order: two that look different are different."""


class Told:
    """The newest answers to pages, each by its stamp, which is the same for all who are told the same."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._answers: OrderedDict[str, Parts] = OrderedDict()

    def again(self, stamp: str, parts: Sequence[P]) -> tuple[str, Set[P]]:
        """The stamp of a page that is told these parts, and which of them it has if `stamp` is what it was told last.

        The stamp stays as it was if it has all.
        """
        has = frozenset(self._answers.get(stamp, ()))
        return self.at_first(parts), {part for part in parts if part in has}

    def at_first(self, parts: Parts) -> str:
        """The stamp of a page that is told all of this."""
        parts = tuple(parts)
        stamp = f"{hash(parts):x}"
        self._answers[stamp] = parts
        self._answers.move_to_end(stamp)
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return stamp
