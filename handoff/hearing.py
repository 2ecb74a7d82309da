"""What is heard as a call for help, and what would become of posts: nothing is offered for that, or written down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WOULD_BE_OFFERED = "mention"
"""What becomes of a post whose author would be offered help."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A post, what would become of it, how much it sounds like a call for help (0 to 1), and the words that say so."""

    text: str
    fate: str
    score: float
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hearing:
    """By which rules posts are heard. `judge` tells what would become of each of some posts."""

    words: Sequence[str] = ()
    """Of the brand: a post without any of them is left alone."""
    threshold: float = 1.0
    cool_down_days: float = 0.0
    """Days in which nobody gets a second offer."""
    judge: Callable[[Sequence[str]], Sequence[Judged]] = lambda texts: []
