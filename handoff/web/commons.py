"""What this process asks of the record once for all agents: who is signed in, what changed, the list as all see it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, teams
from handoff.database import MOMENT, Database
from handoff.models import Agent, Case, Thread
from handoff.teams import Team
from handoff.web import rows
from handoff.web.numbers import Numbers, numbers
from handoff.web.rows import Board
from handoff.web.together import Kept
from handoff.web.where import Place

LATELY = 1.0
"""Seconds for which a page that asks by itself is let in without looking again whether its agent is signed in."""

LASTS = 5.0
"""Seconds for which a list is good, even when nothing changed: times go on."""

PLACES = 100
"""Places of the list that are kept at once; when there are more, those are let go that are good for nobody."""

OWN = ("mine", "mentions")
"""Views that are different for each agent."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What all open streams ask of the record."""

    moment: int
    changed: Mapping[int, frozenset[int]]
    """Handed-off threads that changed lately, each with the agents who have an open case of it."""
    signed_in: Mapping[str, Agent]
    """By the digest of the cookie."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works here, by name."""

    moment: int
    agents: Sequence[Agent]
    teams: Sequence[Team]

    def others(self, me: Agent) -> list[Agent]:
        """Everybody but one."""
        return [one for one in self.agents if one.id != me.id]


class Commons:
    """Asked by two hundred agents at once, each of these is one question; see `Kept`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, by which what is kept grows old."""
        self._database, self._clock = database, clock
        self.watch = Kept(self._watch, LATELY, clock)
        self.numbers = Kept(self._numbers, LASTS, clock)
        self.staff = Kept(self._staff, LASTS, clock)
        self._boards: dict[tuple[Place, int], Kept[Board]] = {}

    async def seen(self, me: Agent, at: Place, since: int | None = None) -> tuple[Board, Numbers]:
        """The rows of a place and the numbers of cases."""
        boards = self._boards_at(me, at)
        board, numbers = boards.kept(since), self.numbers.kept(since)
        if board and numbers:
            return board, numbers
        self.numbers.begin(since)  # beside the board, and not after it
        return await boards(since), await self.numbers(since)

    def _boards_at(self, me: Agent, at: Place) -> Kept[Board]:
        place = (at, me.id if at.view in OWN else 0)
        if place not in self._boards and len(self._boards) >= PLACES:
            self._boards = {key: kept for key, kept in self._boards.items() if not kept.is_over}
        return self._boards.setdefault(place, Kept(partial(self._board, me, at), LASTS, self._clock))

    async def _watch(self) -> Watch:
        async with self._database.reading() as session:
            moment = await session.scalar(select(MOMENT)) or 0
            return Watch(moment, await _lately_changed(session), await agents.all_signed_in(session))

    async def _numbers(self) -> Numbers:
        async with self._database.reading() as session:
            return await numbers(session)

    async def _staff(self) -> Staff:
        async with self._database.reading() as session:
            moment = await session.scalar(select(MOMENT)) or 0
            return Staff(moment, await agents.at_work(session), await teams.everything(session))

    async def _board(self, me: Agent, at: Place) -> Board:
        async with self._database.reading() as session:
            return await rows.board(session, me, at)


async def _lately_changed(session: AsyncSession) -> Mapping[int, frozenset[int]]:
    """The threads in human hands, now or once, that changed within a minute: longer than a hint is on its way."""
    recently = Thread.changed_at > func.clock_timestamp() - timedelta(minutes=1)
    has_it = func.array_agg(Case.claimed_by).filter(Case.closed_at.is_(None), Case.claimed_by.is_not(None))
    query = select(Thread.id, has_it).join(Case, Case.thread_id == Thread.id).where(recently).group_by(Thread.id)
    found = await session.execute(query)
    return {thread_id: frozenset(one for one in agents or () if one) for thread_id, agents in found}
