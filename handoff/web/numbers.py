"""How many cases there are of each kind, counted for all agents at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import review_queue, teams
from handoff.database import MOMENT
from handoff.mentions import Mention
from handoff.models import Agent, Case, Thread
from handoff.teams import Team
from handoff.web.views import shown_in
from handoff.web.where import View

NAMED = 12
"""Tags that the list offers to narrow itself by: those that most cases have."""

COUNTED: Sequence[View] = ("waiting", "open", "risk", "snoozed")
"""Views that are the same for everybody, and whose cases are counted."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the list says about cases that it does not show."""

    moment: int
    all: Mapping[str, int]
    mine: Mapping[int, int]
    """By agent: the open cases that they have."""
    mentions: Mapping[int, int]
    """By agent: the open cases in which they are named."""
    channels: Sequence[tuple[str, int]]
    """Channels with open cases that are not snoozed."""
    tags: Sequence[tuple[str, int]]
    """The tags of the same."""
    teams: Sequence[tuple[Team, int]]
    members: Mapping[int, set[int]]
    reviews: int
    """Lines of customers that wait for review, as far as they are counted."""

    def of(self, me: Agent) -> dict[str, int]:
        """How many cases each view of open ones has for an agent."""
        return {"mine": self.mine.get(me.id, 0), "mentions": self.mentions.get(me.id, 0), **self.all}

    def teams_of(self, me: Agent) -> Sequence[tuple[Team, int]]:
        """The teams whose cases an agent looks after: their own, or all for who leads."""
        leads = me.may("lead")
        return [(team, number) for team, number in self.teams if leads or me.id in self.members.get(team.id, ())]


async def numbers(session: AsyncSession) -> Numbers:
    """Count everything."""
    counted = (await session.execute(_cases())).all()
    whole = next(row for row in counted if row.kind == 3)
    mine = {row.claimed_by: row.open for row in counted if row.kind == 1 and row.claimed_by}
    channels = sorted((row.channel, row.open) for row in counted if row.kind == 2 and row.open)
    mentions = dict((await session.execute(_mentions())).all())
    tags = [(name, number) for name, number in await session.execute(_tags())]
    groups = await teams.with_cases(session)
    members = await teams.members(session) if groups else {}
    number_of: dict[str, int] = {view: getattr(whole, view) for view in COUNTED}
    reviews = await review_queue.size(session)
    return Numbers(whole.moment, number_of, mine, mentions, channels, tags, groups, members, reviews)


@cache
def _cases() -> Select[*tuple[Any, ...]]:
    """All open cases at once (`kind` 3), those of each agent (1), and those of each channel (2)."""
    numbers = [func.count().filter(*shown_in(view)).label(view) for view in COUNTED]
    kind = func.grouping(Case.claimed_by, Thread.channel).label("kind")
    query = select(Case.claimed_by, Thread.channel, kind, MOMENT.label("moment"), *numbers).join(Case.thread)
    sets = func.grouping_sets(tuple_(), tuple_(Case.claimed_by), tuple_(Thread.channel))
    return query.where(Case.closed_at.is_(None)).group_by(sets)


@cache
def _mentions() -> Select[*tuple[Any, ...]]:
    query = select(Mention.agent_id, func.count(func.distinct(Case.id))).join(Case, Case.thread_id == Mention.thread_id)
    return query.where(Case.closed_at.is_(None)).group_by(Mention.agent_id)


@cache
def _tags() -> Select[*tuple[Any, ...]]:
    tags = select(func.unnest(Case.tags).label("tag")).where(*shown_in("open")).subquery()
    query = select(tags.c.tag, func.count()).group_by(tags.c.tag)
    return query.order_by(func.count().desc(), tags.c.tag).limit(NAMED)
