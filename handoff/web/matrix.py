"""The confusion matrix as a table: what stands in each cell, how warm it is, and which utterances it leads to."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from handoff.comparisons import Comparison
from nlu.scores import Scores

Numbers = Literal["raw", "normalised"]
Cells = Literal["all", "errors", "matches"]
Of = Literal["candidate", "live", "difference"]

WARMEST = 5

MOST = 60
"""Intents of which the whole matrix is drawn without being asked for: the cells of 300 are 90,000."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`shown` is empty where the view leaves it out; `link` leads to its utterances, if there are any."""

    right: str
    said: str
    count: int
    amount: int
    """The count, or how it changed where the view is of the difference."""
    shown: str
    heat: str
    link: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Right intents down, what was said across."""

    said: list[str]
    rows: list[tuple[str, int, list[Cell]]]
    """The right intent, how many utterances it has, and its cells."""
    size: int
    pairs: list[Cell] | None = None
    """In place of the rows: the cells that have an error, the most first."""
    matches: int = 0
    """How many were answered right, in place of their cells."""


def matrix(comparison: Comparison, numbers: Numbers, cells: Cells, of: Of, *, whole: bool = True) -> Matrix:
    """The table of one view; of many intents, unless it shall be whole, only the pairs that are mistaken."""
    shown = comparison.scores("live" if of == "live" else "candidate")
    of = of if comparison.other else "candidate"
    against = comparison.before if of == "difference" else None
    right = sorted({one for scores in (shown, against) if scores for one, _ in scores.matrix})
    said = sorted({one for scores in (shown, against) if scores for _, one in scores.matrix} | set(right))
    if not whole and len(said) > MOST:
        places = {place for scores in (shown, against) if scores for place in scores.matrix}
        found = [_cell(shown, against, place, numbers, "all", of) for place in sorted(places) if place[0] != place[1]]
        pairs = sorted((one for one in found if one.link), key=lambda one: -abs(one.amount))
        matches = sum(count for (name, answer), count in shown.matrix.items() if name == answer)
        return Matrix(said, [], shown.size, pairs, matches)
    rows = [
        (
            name,
            sum(shown.matrix[name, one] for one in said),
            [_cell(shown, against, (name, one), numbers, cells, of) for one in said],
        )
        for name in right
    ]
    return Matrix(said, rows, shown.size)


def _cell(
    shown: Scores, against: Scores | None, place: tuple[str, str], numbers: Numbers, cells: Cells, of: Of
) -> Cell:
    right, said = place
    count, is_match = shown.matrix[place], right == said
    amount = count - against.matrix[place] if against else count
    support = shown.intents[right].support if right in shown.intents else 0
    part = amount / support if support else 0.0
    words = (
        ""
        if (cells == "errors" and is_match) or (cells == "matches" and not is_match)
        else _words(amount, part, numbers, against)
    )
    link = urlencode({"of": of, "right": right, "said": said}) if words and (amount if against else count) else ""
    return Cell(right, said, count, amount, words, _heat(amount if words else 0, part, is_match), link)


def _words(amount: int, part: float, numbers: Numbers, against: Scores | None) -> str:
    if numbers == "normalised":
        return f"{part:+.0%}" if against and amount else f"{part:.0%}"
    return f"{amount:+d}" if against and amount else str(amount)


def _heat(amount: int, part: float, is_match: bool) -> str:
    """Good on the diagonal when there is more of it, bad elsewhere; the other way round where there is less."""
    if not amount:
        return ""
    step = min(WARMEST, 1 + int(abs(part) * 2 * WARMEST))
    return f"{'good' if is_match == (amount > 0) else 'heat'}-{step}"
