"""The examples of an intent as the page lists them: which are sought, and page by page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import deeds, examples
from handoff.corpora import Entry
from handoff.examples import Example, Key
from handoff.models import Agent
from handoff.training_errors import NoSuchExample
from nlu.text import fold

PAGE = 50
_KEY = re.compile(r"([a-z]{2})-([0-9a-f]{32})")


class Sought:
    """What the form of the page asks for; what is left empty, or is nothing of ours, is all."""

    def __init__(
        self,
        q: Annotated[str, Query(max_length=200)] = "",
        language: Annotated[str, Query(max_length=20)] = "",
        source: Annotated[str, Query(max_length=20)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        undo: Annotated[str, Query(max_length=50)] = "",
        near: Annotated[str, Query(max_length=500)] = "",
        ask: Annotated[str, Query(max_length=20)] = "",
        show: Annotated[str, Query(max_length=60)] = "",
        unmasked: Annotated[int, Query(ge=0, le=2**62)] = 0,
        added: Annotated[int, Query(ge=0, le=10_000)] = 0,
        there: Annotated[int, Query(ge=0, le=10_000)] = 0,
    ) -> None:
        self.q, self.language, self.source, self.page = q.strip(), language, source, page
        self.undo, self.near = undo, near.strip()
        self.asks_model = bool(ask and self.near)
        self.show, self.deed = show, unmasked
        self.added, self.there = added, there

    def holds(self, entry: Entry) -> bool:
        """Whether an example is one of those that are sought."""
        one = entry.example
        return (
            self.language in ("", one.language)
            and self.source in ("", "held_back" if entry.held_back else one.source)
            and fold(self.q) in fold(one.text)
        )

    def query(self, **changed: object) -> str:
        """The same question as part of an address, with other parts; nothing is left of what it does not ask."""
        asked = {"q": self.q, "language": self.language, "source": self.source, "page": self.page} | changed
        said = urlencode({name: value for name, value in asked.items() if value and (name, value) != ("page", 1)})
        return f"?{said}" if said else ""

    async def unmasked(self, session: AsyncSession, me: Agent, intent: str) -> str:
        """The example whose addresses and numbers somebody asked to see; see `handoff.web.unmasking`."""
        about = unmasking(intent, self.show)
        return self.show if self.deed and await deeds.is_unmasked(session, me, None, self.deed, about) else ""

    async def removed(self, session: AsyncSession) -> Example | None:
        """The example that was just removed, and may be put back."""
        if not _KEY.fullmatch(self.undo):
            return None
        found = await examples.row(session, key_of(self.undo))
        return found if found is not None and found.removed_at is not None else None


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of the examples that are sought."""

    entries: Sequence[Entry]
    count: int
    all: int
    page: int
    pages: int

    @classmethod
    def part(cls, entries: Sequence[Entry], sought: Sought) -> "Shown":
        """The newest change first, then the seeds as they came, by text."""
        found = sorted(filter(sought.holds, entries), key=lambda one: -(one.at.timestamp() if one.at else 0))
        pages = max(1, -(-len(found) // PAGE))
        page = min(sought.page, pages)
        return cls(found[(page - 1) * PAGE : page * PAGE], len(found), len(entries), page, pages)


def key_of(word: str) -> Key:
    """The key of an example out of an address. Raises `NoSuchExample`."""
    if not (match := _KEY.fullmatch(word)):
        raise NoSuchExample
    return match[1], match[2]


def unmasking(intent: str, word: str) -> str:
    """What the deed is about by which somebody sees what is masked in an example."""
    return f"intent {intent}, example {word[:11]}"


def word_of(key: Key) -> str:
    """The key of an example as an address has it."""
    return f"{key[0]}-{key[1]}"
