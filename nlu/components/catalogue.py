"""The brand's products, and how people misspell them.

Read from `knock.toml` when Rasa starts and whenever that file changes, so that a new product needs no training. A run
of words is a product when it is at most so many slips away from one of its names as the name's length allows; and a
word that many people use is never a slip of another: "routes" is no router.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path

import tomli
from rapidfuzz import process
from rapidfuzz.distance import OSA
from wordfreq import zipf_frequency

from nlu.components.detail import Detail
from nlu.text import level

LOOK_AGAIN = 5.0
"""Seconds between two looks at the time of the file."""

COMMON = 3.0
"""Zipf frequency from which on a word is common: once in a million words."""

LANGUAGES = ("en", "es", "de", "fr", "el")
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 800
"""Words of a text that are looked at."""


@dataclass(frozen=True)
class Name:
    """One name of a product as it is compared: in small letters without accents and spaces."""

    plain: str
    words: int
    product: str


class Catalogue:
    """All names of all products, by how they begin and how long they are: a slip is seldom in the first letter."""

    def __init__(self, names: Iterable[Name] = ()) -> None:
        """Of names that are the same the first counts."""
        self._names = {name.plain: name for name in reversed(list(names))}
        self._alike: dict[tuple[str, int], list[str]] = {}
        for plain in self._names:
            self._alike.setdefault((plain[0], len(plain)), []).append(plain)
        self._first = {plain[0] for plain in self._names}
        self._most_words = max((name.words for name in self._names.values()), default=0)
        self._nearest = lru_cache(maxsize=20_000)(self._find_nearest)

    def products(self, text: str) -> Iterator[Detail]:
        """Yield the products that a text names, by the name that the catalogue gives them; the longest run first."""
        if not self._names:
            return
        plain = level(text)
        words, at = list(islice(WORD.finditer(plain), MOST_WORDS)), 0
        while at < len(words):
            most = min(self._most_words + 1, len(words) - at) if words[at].group()[0] in self._first else 0
            runs = (words[at : at + many] for many in range(most, 0, -1))
            found = next((one for run in runs if _are_neighbours(plain, run) and (one := self._named(run))), None)
            if found:
                yield found
            end = found.end if found else words[at].end()
            at = next((later for later in range(at + 1, len(words)) if words[later].start() >= end), len(words))

    def _named(self, run: "list[re.Match[str]]") -> Detail | None:
        said = "".join(word.group() for word in run)
        name = self._names.get(said) or self._names.get(said.removesuffix("s") if len(said) > 4 else said)
        if name:
            return Detail("product", run[0].start(), run[-1].end(), name.product, 0.95)
        near = self._nearest(said)
        if near and not _is_something_else(near, run):
            return Detail("product", run[0].start(), run[-1].end(), near.product, 0.75)
        return None

    def _find_nearest(self, said: str) -> Name | None:
        found = []
        for length in range(len(said) - 3, len(said) + 4):
            slips = _slips(length)
            if names := abs(length - len(said)) <= slips and self._alike.get((said[0], length)):
                best = process.extractOne(said, names, scorer=OSA.distance, score_cutoff=slips)
                found += [best] if best else []
        return self._names[min(found, key=lambda one: one[1])[0]] if found else None


def _slips(length: int) -> int:
    """Letters that may be wrong, missing or swapped: none of four, one of up to seven, two of up to twelve, or 3."""
    return (length > 4) + (length > 7) + (length > 12)


def _are_neighbours(plain: str, run: "list[re.Match[str]]") -> bool:
    """Nothing stands between the words but a space or a hyphen."""
    gaps = (plain[one.end() : other.start()] for one, other in pairwise(run))
    return all(gap in (" ", "-", "'") for gap in gaps)


def _is_something_else(name: Name, run: "list[re.Match[str]]") -> bool:
    """Whether the words are right as they are: one that many use, or only such as no name has."""
    words = [word.group() for word in run]
    if len(words) == 1:
        return is_common(words[0]) or any(sign.isdecimal() for sign in words[0] + name.plain)
    return len(words) > name.words + 1 or all(map(is_common, words)) or any(sign.isdecimal() for sign in name.plain)


@lru_cache(maxsize=20_000)
def is_common(word: str) -> bool:
    """Whether many people write this word in one of our languages; its plural and its singular count as well."""
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    return any(zipf_frequency(form, language, "small") >= COMMON for form in forms for language in LANGUAGES if form)


def catalogue_of(table: Mapping[str, object]) -> Catalogue:
    """Return the catalogue of a parsed brand file: its [products], each with its other names."""
    listed, names = table.get("products"), []
    for product, others in listed.items() if isinstance(listed, Mapping) else ():
        for said in (product, *(others if isinstance(others, list) else ())):
            words = WORD.findall(level(str(said)))
            names += [Name("".join(words), len(words), str(product))] if words else []
    return Catalogue(names)


class CatalogueFile:
    """The catalogue in a brand file, as it is now. A file that cannot be read changes nothing: it is being written."""

    def __init__(self, path: Path) -> None:
        """Look when asked for the first time."""
        self._path, self._catalogue = path, Catalogue()
        self._looked, self._changed = -LOOK_AGAIN, -1

    @classmethod
    def named_by_environment(cls) -> "CatalogueFile":
        """Return that of KNOCK_BRAND_FILE, or of the project's own folder."""
        return cls(Path(os.environ.get("KNOCK_BRAND_FILE") or Path(__file__).parents[2] / "knock.toml"))

    def now(self) -> Catalogue:
        """Return the catalogue; the file is read anew when it has changed."""
        if time.monotonic() - self._looked >= LOOK_AGAIN:
            self._looked = time.monotonic()
            self._read()
        return self._catalogue

    def _read(self) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._catalogue = catalogue_of(tomli.loads(self._path.read_text("utf-8")))
                self._changed = changed
        except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError):
            return
