"""The gate: which of the words that admins wrote stand in a text. Cheap enough for every post there is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import ahocorasick

from nlu.text import fold


class Found(NamedTuple):
    """A word that stands in a text, as the admin wrote it, and what it stands for (a brand, a guard)."""

    name: str
    word: str


class _Needle(NamedTuple):
    found: Found
    length: int
    open_end: bool
    handle: bool


class Gate:
    """Finds words on word borders, all at once (Aho-Corasick: the time does not grow with the number of words).

    Case and accents do not count. "northwind" stands in "#Northwind!", "Northwind's" and "@northwind_help", but not in
    "northwinds", "my_northwind" or "@jane_northwind"; "@northwind" only in exactly that handle; "northwind*" in
    all that begins so.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """`words`: for each brand its words, phrases and handles. The same word twice counts for the first."""
        self._automaton = ahocorasick.Automaton()
        for name, several in words.items():
            for word in several:
                self._add(name, word)
        self._empty = not len(self._automaton)
        self._automaton.make_automaton()

    def _add(self, name: str, word: str) -> None:
        folded = " ".join(fold(word).split())
        key = folded.rstrip("*")
        if key.strip("@# "):
            needles = self._automaton.get(key, ())
            needle = _Needle(Found(name, word), len(key), folded.endswith("*"), key.startswith("@"))
            self._automaton.add_word(key, (*needles, needle))

    def find(self, text: str) -> Found | None:
        """The first word that stands in the text, None if there is none."""
        return next(self.all(text), None)

    def all(self, text: str) -> Iterator[Found]:
        """Every word that stands in the text, in the order of their ends."""
        if self._empty:
            return
        folded = " ".join(fold(text).split())
        for end, needles in self._automaton.iter(folded):
            for needle in needles:
                if _on_borders(folded, end, needle):
                    yield needle.found


def _on_borders(text: str, end: int, needle: _Needle) -> bool:
    start = end - needle.length
    if start >= 0 and (text[start].isalnum() or text[start] == "_"):
        return False
    if needle.open_end or end + 1 == len(text):
        return True
    after = text[end + 1]
    return not (after.isalnum() or (needle.handle and after == "_"))
