"""The list as one agent sees it: what all see alike, and what is their own."""

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handoff.models import Agent
from handoff.web.commons import Commons
from handoff.web.drawing import Versioned, draw, versioned
from handoff.web.numbers import Numbers
from handoff.web.rows import Board
from handoff.web.told import Parts
from handoff.web.where import Place


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list is drawn from. `current` is the thread that is open beside it."""

    me: Agent
    at: Place
    current: int | None
    board: Board
    numbers: Numbers
    rows: Sequence[Versioned]
    groups: Versioned
    tail: Markup
    """What stands below the rows, or in their place."""

    @property
    def moment(self) -> int:
        """What was committed before is seen in the list."""
        return min(self.board.moment, self.numbers.moment)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many cases each view has, and each team that the agent looks after."""
        teams = {f"team-{team.id}": number for team, number in self.numbers.teams_of(self.me)}
        reviews = {"reviews": self.numbers.reviews} if self.me.may("train") else {}
        return {**self.numbers.of(self.me), **teams, **reviews}

    @property
    def order(self) -> str:
        """The names and versions of the rows, in their order."""
        return " ".join([row.token for row in self.rows])

    def rows_but(self, known: Container[Hashable]) -> Markup:
        """The rows in words, but for those that a page has."""
        return Markup("".join([row for row in self.rows if row.token not in known]))  # noqa: S704  drawn by templates

    @property
    def parts(self) -> Parts:
        """All that can change without a deed of the agent."""
        return [row.token for row in self.rows] + [self.groups.token, hash(self.tail), *self.counts.items()]


async def listing(
    commons: Commons, me: Agent, at: Place, current: int | None, *, read: int | None, since: int | None = None
) -> Listing:
    """The list as it is, or as it has been after the moment `since`. `read`: a thread that the agent has in view."""
    return listed(me, *await commons.seen(me, at, since), current=current, read=read)


def listed(
    me: Agent, board: Board, numbers: Numbers, *, current: int | None = None, read: int | None = None
) -> Listing:
    """The list of a board and of numbers that belong together."""
    at = board.at
    rows = board.drawn(me, current, read)
    groups = board.once(numbers.moment, lambda: versioned("groups", draw("groups.html", at=at, numbers=numbers)))
    tail = board.once("tail", lambda: draw("tail.html", at=at, board=board, me=me))
    return Listing(me, at, current, board, numbers, rows, groups, tail)
