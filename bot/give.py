"""Give waiting cases to agents who are here, fit, and have room: each in turn, and never the same case twice to one.

Giving is serial in all processes together: whoever gives holds the switch. An agent who claims by hand meanwhile wins
or loses as against a colleague: the agent's row is locked before the thread's, in that order as `cases.claim` has it.
"""

from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases, hands, mentions, threads
from handoff.claims import GIVING, Claim, Switch
from handoff.database import Database
from handoff.models import Agent, Case, Thread
from handoff.skills import CAPACITY, Skill
from handoff.teams import Membership, TeamCase

URGENCY = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


async def give(session: AsyncSession) -> bool:
    """Give one case, the most urgent and then the oldest that fits somebody. Whether there may be another."""
    held = select(Switch).where(Switch.name == GIVING).with_for_update(skip_locked=True)
    if (await session.scalars(held)).one_or_none() is None:
        return False
    pair = (await session.execute(_pairs().limit(1))).one_or_none()
    if pair is None:
        return False
    works = select(Agent).where(Agent.id == pair.agent_id).with_for_update(key_share=True)
    agent = (await session.scalars(works)).one()
    thread, found = await cases.locked(session, pair.thread_id)
    still = _pairs(case_id=pair.case_id, agent_id=pair.agent_id)
    if found.id != pair.case_id or (await session.execute(still)).one_or_none() is None:
        return True
    found.claimed_by, found.claimed_at = agent.id, func.clock_timestamp()
    event = await threads.append(session, thread, "event", "bot", f"Given to {agent.name} automatically")
    if event is not None:
        mentions.mention(session, event, agent)
    return True


def _pairs(case_id: int | None = None, agent_id: int | None = None) -> Select[int, int, int]:
    """Every case that waits with every agent who could take it, the pair to be joined first; or only the one pair."""
    turn = select(func.max(Claim.at)).where(Claim.agent_id == Agent.id).correlate(Agent).scalar_subquery()
    can = select(Agent.id, Skill.languages, Skill.intents, turn.label("turn")).outerjoin(Skill)
    can = can.where(hands.is_here(), _has_room(), Agent.id == agent_id if agent_id else true())
    free = can.cte("free").prefix_with("MATERIALIZED")  # else all this is asked again for each case
    query = select(Case.id.label("case_id"), Case.thread_id.label("thread_id"), free.c.id.label("agent_id"))
    query = query.join(Thread, Thread.id == Case.thread_id).join(free, true())
    query = query.where(waits(), _fits(free), _is_theirs(free), _is_new_to(free))
    if case_id is not None:
        query = query.where(Case.id == case_id)
    urgency = case(URGENCY, value=Case.priority)
    return query.order_by(urgency, Case.opened_at, Case.id, free.c.turn.nulls_first(), free.c.id)


def waits() -> ColumnElement[bool]:
    """A case that nobody has, and that nobody put off."""
    asleep = and_(Case.snoozed_until.is_not(None), Case.snoozed_until > func.now())
    return and_(Case.closed_at.is_(None), Case.claimed_by.is_(None), ~asleep)


def _has_room() -> ColumnElement[bool]:
    held = aliased(Case)
    theirs = select(func.count(held.id)).where(held.claimed_by == Agent.id, held.closed_at.is_(None))
    return theirs.correlate(Agent).scalar_subquery() < func.coalesce(Skill.capacity, CAPACITY)


def _fits(free: CTE) -> ColumnElement[bool]:
    """What nobody understood (no intent) fits everybody."""
    speaks = _nothing_or(free.c.languages, Thread.language)
    return and_(speaks, or_(Case.intent.is_(None), _nothing_or(free.c.intents, Case.intent)))


def _nothing_or(said: Any, wanted: Any) -> ColumnElement[bool]:
    return or_(said.is_(None), func.jsonb_array_length(said) == literal(0), func.jsonb_exists(said, wanted))


def _is_theirs(free: CTE) -> ColumnElement[bool]:
    """A team's case is for its members, all others are for everybody."""
    given = exists().where(TeamCase.case_id == Case.id)
    among = (Membership.team_id == TeamCase.team_id, Membership.agent_id == free.c.id)
    return or_(~given, exists().where(TeamCase.case_id == Case.id, *among))


def _is_new_to(free: CTE) -> ColumnElement[bool]:
    """Whoever had it and let it go does not get it again by itself."""
    return ~exists().where(Claim.case_id == Case.id, Claim.agent_id == free.c.id)


class Give:
    """The loop's work: one case a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self) -> bool:
        """Give a case, if one fits somebody. Whether there may be another."""
        async with self._database.transaction("give.case") as session:
            return await give(session)
