"""How alike two texts are, by the letters they share: no model is asked, so it holds for every language."""

from collections.abc import Iterable

from nlu.text import fold

SIGNS = 3
"""Letters of a piece: three tell words apart and forgive an ending or a slip."""


def pieces(text: str) -> frozenset[str]:
    """The pieces of a text, blanks at the edges of words among them."""
    said = f" {' '.join(''.join(sign if sign.isalnum() else ' ' for sign in fold(text)).split())} "
    return frozenset(said[at : at + SIGNS] for at in range(max(1, len(said) - SIGNS + 1)))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How many of their pieces two texts share, from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))


def nearest(text: str, others: Iterable[tuple[str, str]], least: float, most: int) -> list[tuple[str, float]]:
    """Of `others`, each a name and a text, the names of those that are at least so alike, the likest first."""
    own = pieces(text)
    found = [(name, likeness(own, pieces(said))) for name, said in others]
    return sorted((one for one in found if one[1] >= least), key=lambda one: (-one[1], one[0]))[:most]
