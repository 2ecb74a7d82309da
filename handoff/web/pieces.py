"""A thread in pieces: the parts that change, each known by what it is drawn from or by its words."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from handoff.models import Message
from handoff.web.drawing import draw
from handoff.web.view import ThreadView
from handoff.web.words import element_id, named

SHOWN = (
    "id",
    "kind",
    "by",
    "author_name",
    "text",
    "at",
    "edited_at",
    "deleted_at",
    "url",
    "delivery",
    "tries",
    "trouble",
)
"""What a message is drawn from, besides the name of its agent, its files and the thread."""

SHOWN_OF_A_FILE = ("id", "name", "type", "trouble", "measure")


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parts of a thread that a page is told of when they changed."""

    head: Markup
    details: Markup
    obstacle: Markup
    messages: Mapping[str, Hashable]
    """By the ids of their elements: all that each is drawn from. Only those that a page does not have are drawn."""

    @property
    def drawn(self) -> Mapping[str, Markup]:
        """Those that come as a whole, by the ids of their elements."""
        return {"thread-head": self.head, "details": self.details, "obstacle": self.obstacle}

    @property
    def parts(self) -> Sequence[tuple[str, int]]:
        """All of them, by their names; of what each is drawn from the hash."""
        return [(name, hash(part)) for name, part in (*self.drawn.items(), *self.messages.items())]


def pieces(opened: ThreadView, **values: Any) -> Pieces:
    """The pieces of a thread; `values` are what their templates need besides."""
    whole = (named(opened.thread), opened.thread.language, opened.may_talk, opened.me.role, opened.me.id)
    ways = (values["at"], opened.unmasked, *(way.id for way in opened.ways))
    messages = {element_id(message): (*_drawn_from(opened, message), whole, ways) for message in opened.thread.messages}
    head, details, obstacle = (
        draw(f"{name}.html", opened=opened, me=opened.me, **values) for name in ("thread_head", "details", "obstacle")
    )
    return Pieces(head, details, obstacle, messages)


def _drawn_from(opened: ThreadView, message: Message) -> tuple[Hashable, ...]:
    files = tuple(tuple(getattr(file, name) for name in SHOWN_OF_A_FILE) for file in opened.files.get(message.id, ()))
    guess = opened.guesses.get(message.id)
    guessed = guess and (guess.wrong_at, guess.is_sure, str(guess.guesses))
    return (*(getattr(message, name) for name in SHOWN), message.agent and message.agent.name, files, guessed)
