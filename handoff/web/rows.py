"""The rows of the list: which cases stand there, and what is shown of each, made once for all agents who see them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from markupsafe import Markup
from sqlalchemy import BigInteger, Select, cast, func, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, selectinload

from handoff import bookmarks, matches, search, spellings
from handoff.database import MOMENT
from handoff.models import Agent, Case, Customer, Message, Thread
from handoff.teams import Team, TeamCase
from handoff.web.chips import Chip, chip
from handoff.web.drawing import Versioned, draw, versioned
from handoff.web.views import OPTED_IN, narrowed, order, shown_in
from handoff.web.where import Place
from nlu.contacts import masked

M = TypeVar("M", bound=Markup)

_NO_LINE = cast(null(), BigInteger).label("line")

CALLED = 3
"""Customers of a name that a search shows above the cases."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list."""

    case: Case
    customer: Customer
    team: Team | None
    """Whose case it is, until somebody has it."""
    marks: bookmarks.Marks
    snippet: Sequence[tuple[str, bool]]
    """Where the words of a search were found in a line; empty if they were found elsewhere."""
    thread_id: int
    claimed_by: int | None
    is_open: bool
    """As the case has them: asked for by every look of every agent, at which a plain field is much cheaper."""

    @property
    def clock(self) -> Chip | None:
        """What is due first."""
        return chip(self.case)

    @property
    def waiting_since(self) -> datetime | None:
        """Empty when the last word is ours."""
        return None if self.case.closed_at else self.case.waiting_since

    def is_unread(self, me: int) -> bool:
        """Whether somebody said something since the agent looked. The cases of others are theirs to read."""
        return self.is_open and self.claimed_by in (None, me) and self.marks.is_unread(me)


@dataclass(frozen=True, slots=True)
class Board:
    """The cases of one place, as far as everybody there sees the same."""

    moment: int
    at: Place
    rows: Sequence[Row]
    has_more: bool
    called: Sequence[Customer]
    """Customers whose name or handle was searched for."""
    meant: Sequence[str]
    """What else to search for, when nothing was found."""
    _drawn: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, name: Hashable, drawing: Callable[[], M]) -> M:
        """What `drawing` makes, made once for all to whom it looks the same."""
        if name not in self._drawn:
            self._drawn[name] = drawing()
        found: M = self._drawn[name]
        return found

    def still(self, moment: int) -> "Board":
        """The same, known to be so at a later moment. What was drawn from numbers is let go: they are others then."""
        rows = {name: words for name, words in self._drawn.items() if not isinstance(name, int)}
        return replace(self, moment=moment, _drawn=rows)

    def drawn(self, me: Agent, current: int | None, read: int | None) -> list[Versioned]:
        """The rows as an agent sees them.

        `current` is the thread that is open beside the list; `read`: it is before the agent's eyes right now.
        """
        own, answers = me.id, me.may("answer")
        return [self._row(row, own, answers, current, read) for row in self.rows]

    def _row(self, row: Row, me: int, answers: bool, current: int | None, read: int | None) -> Versioned:
        is_unread = row.thread_id != read and row.is_unread(me)
        look = (row.thread_id, row.claimed_by == me, is_unread, answers)
        drawn = self._drawn.get(look) or self.once(look, lambda: self._draw(row, look))
        return _as_current(drawn) if row.thread_id == current else drawn

    def _draw(self, row: Row, look: tuple[int, bool, bool, bool]) -> Versioned:
        _, is_mine, is_unread, answers = look
        own = {"is_mine": is_mine, "is_unread": is_unread, "answers": answers}
        return versioned(f"row-{row.thread_id}", draw("row.html", row=row, at=self.at, **own))


def _as_current(row: Versioned) -> Versioned:
    """The row of the thread that is open beside the list: of the same version, which a page does not know twice."""
    words = str(row).replace('class="row"', 'class="row" aria-current="true"', 1)
    return row.instead(Markup(words))  # noqa: S704  drawn by a template


async def board(session: AsyncSession, me: Agent, at: Place) -> Board:
    """The first cases of a view, in its order; or where a search was found last.

    Of the agent only whose cases are `mine` and who is named in `mentions` counts.
    """
    found = (await session.execute(_cases((await _ids(session, me, at)).limit(at.show + 1)))).all()
    moment = found[0].moment if found else await session.scalar(select(MOMENT)) or 0
    shown = found[: at.show]
    marks = await bookmarks.of_all(session, [row.Case.thread_id for row in shown if row.Case.closed_at is None])
    rows = [_row(row.Case, row.Team, marks, search.snippet(masked(row.text or ""), at.search)) for row in shown]
    called = await matches.named(session, at.search, most=CALLED)
    meant = await spellings.near(session, at.search) if at.search and not rows else []
    return Board(moment, at, rows, len(found) > at.show, called, meant)


def _row(
    case: Case, team: Team | None, marks: Mapping[int, bookmarks.Marks], snippet: Sequence[tuple[str, bool]]
) -> Row:
    read = marks.get(case.thread_id, bookmarks.NOTHING)
    found = (case.thread_id, case.claimed_by, case.closed_at is None)
    return Row(case, case.thread.customer, team, read, snippet, *found)


async def next_thread(session: AsyncSession, me: Agent, at: Place) -> int | None:
    """The thread to go on with: the first of the view."""
    first = (await _ids(session, me, at)).limit(1).with_only_columns(Case.thread_id)
    return await session.scalar(first)


async def _ids(session: AsyncSession, me: Agent, at: Place) -> Select[Any, Any]:
    """The cases of a view in their order, each with the line in which a search was found."""
    which = [*shown_in(at.view, me.id), *narrowed(at)]
    if not at.search:
        return select(Case.id, _NO_LINE).where(*which, OPTED_IN).order_by(*order(at), Case.id)
    few = at.view in ("mine", "mentions", "snoozed")
    hits = await search.found(session, at.search, *which, few=few)
    query = select(Case.id, hits.c.message_id.label("line")).join(hits, hits.c.thread_id == Case.thread_id)
    return query.where(*which, OPTED_IN).order_by(hits.c.message_id.desc().nulls_last(), Case.id.desc())


def _cases(ids: Select[Any, Any]) -> Select[*tuple[Any, ...]]:
    """The cases with all that is shown of them, in the same order."""
    found = ids.subquery()
    few = select(found.c.id, found.c.line, func.row_number().over().label("place")).cte("few")
    return (
        select(Case, Team, Message.text, MOMENT.label("moment"))
        .join(few, few.c.id == Case.id)
        .join(Case.thread)
        .join(Thread.customer)
        .outerjoin(Case.claimer)
        .outerjoin(TeamCase, TeamCase.case_id == Case.id)
        .outerjoin(Team, Team.id == TeamCase.team_id)
        .outerjoin(Message, Message.id == few.c.line)
        .options(contains_eager(Case.thread).contains_eager(Thread.customer), contains_eager(Case.claimer))
        .options(selectinload(Case.clocks))
        .order_by(few.c.place)
    )
