"""The rows of the list: which cases stand there, and what is shown of each, made once for all agents who see them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from markupsafe import Markup
from sqlalchemy import BigInteger, Select, cast, func, null, select, true
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from handoff import bookmarks, matches, search, spellings
from handoff.clocks import FirstDue
from handoff.database import MOMENT
from handoff.models import Agent, Case, Customer, Message, Thread
from handoff.teams import Team, TeamCase
from handoff.web import words
from handoff.web.chips import Chip, chip
from handoff.web.drawing import Versioned, draw, versioned
from handoff.web.views import OPTED_IN, narrowed, order, shown_in
from handoff.web.where import Place
from nlu.contacts import masked

M = TypeVar("M", bound=Markup)

_NO_LINE = cast(null(), BigInteger).label("line")

CALLED = 3
"""Customers of a name that a search shows above the cases."""


class Waits(NamedTuple):
    """How long a customer waits for a word of ours."""

    urgency: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list: all that it is drawn from, so that a row that stays as it was is not drawn again."""

    thread_id: int
    claimed_by: int | None
    name: str
    channel: str
    summary: str
    snippet: tuple[tuple[str, bool], ...]
    """Where the words of a search were found in a line; empty if they were found elsewhere."""
    priority: str
    tags: tuple[str, ...]
    is_open: bool
    is_unsolved: bool
    """Whether the customer said so."""
    ended: str
    """What became of it, once it is closed."""
    asleep_until: str
    """Empty while it is in sight."""
    waits: Waits | None
    """Nothing when the last word is ours."""
    due: Chip | None
    """What is due first."""
    claimer: str
    team: str
    """Whose case it is, until somebody has it."""
    marks: bookmarks.Marks = field(compare=False)

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
        drawn = self._drawn.get(look) or self.once(look, lambda: _draw(row, self.at, *look[1:]))
        return _as_current(drawn) if row.thread_id == current else drawn


@lru_cache(maxsize=1000)
def _draw(row: Row, at: Place, is_mine: bool, is_unread: bool, answers: bool) -> Versioned:
    """Of fifty rows one is new at most events; the others are as they were on the board before."""
    own = {"is_mine": is_mine, "is_unread": is_unread, "answers": answers}
    return versioned(f"row-{row.thread_id}", draw("row.html", row=row, at=at, **own))


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
    rows = [_row(row, at, marks.get(row.Case.thread_id, bookmarks.NOTHING)) for row in shown]
    called = await matches.named(session, at.search, most=CALLED)
    meant = await spellings.near(session, at.search) if at.search and not rows else []
    return Board(moment, at, rows, len(found) > at.show, called, meant)


def _row(found: SqlRow[*tuple[Any, ...]], at: Place, marks: bookmarks.Marks) -> Row:
    case: Case = found.Case
    thread, since, claimer = case.thread, case.waiting_since, case.claimer
    return Row(
        thread_id=thread.id,
        claimed_by=case.claimed_by,
        name=words.named(thread),
        channel=thread.channel,
        summary=case.summary,
        snippet=tuple(search.snippet(masked(found.text or ""), at.search)),
        priority=case.priority,
        tags=tuple(case.tags),
        is_open=case.closed_at is None,
        is_unsolved=thread.solved is False and case.closed_at is None,
        ended=words.ending(thread) if case.closed_at else "",
        asleep_until=words.clock(case.snoozed_until) if case.snoozed_until and words.is_asleep(case) else "",
        waits=Waits(words.urgency(since), words.lasting(since)) if since and case.closed_at is None else None,
        due=chip(case, found.FirstDue),
        claimer=(claimer.name + (", away" if claimer.away_at else "")) if claimer else "",
        team=found.Team.name if found.Team else "",
        marks=marks,
    )


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
        select(Case, Team, FirstDue, Message.text, MOMENT.label("moment"))
        .join(few, few.c.id == Case.id)
        .join(Case.thread)
        .join(Thread.customer)
        .outerjoin(Case.claimer)
        .outerjoin(TeamCase, TeamCase.case_id == Case.id)
        .outerjoin(Team, Team.id == TeamCase.team_id)
        .outerjoin(FirstDue, true())
        .outerjoin(Message, Message.id == few.c.line)
        .options(contains_eager(Case.thread).contains_eager(Thread.customer), contains_eager(Case.claimer))
        .order_by(few.c.place)
    )
