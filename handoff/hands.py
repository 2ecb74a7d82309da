"""In whose hands a case is: given to a colleague or a team, given back to the bot, taken from an agent who is gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases, clocks, errors, mentions, people, teams, threads
from handoff.models import Agent, Case, Message
from handoff.sign_ins import SignIn

HERE = timedelta(minutes=5)
"""Whoever did something so lately is taken to be at their desk: a sign-in says so at most once a minute."""


async def transfer(session: AsyncSession, thread_id: int, agent: Agent, to_id: int) -> Case:
    """Give a case to a colleague, who is told. Raises `NoSuchColleague`, `ClaimedBySomebodyElse`, `AlreadyClosed`."""
    await cases.known(session, thread_id)
    to = (await session.scalars(_at_work(to_id).with_for_update(read=True))).one_or_none()
    if to is None:
        raise errors.NoSuchColleague
    thread, case = await cases.locked(session, thread_id)
    if case.closed_at is not None:
        raise errors.AlreadyClosed
    if case.claimed_by not in (None, agent.id) and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse
    if case.claimed_by == to.id:
        return case
    case.claimed_by, case.claimed_at = to.id, func.clock_timestamp()
    said = f"{agent.name} gave the case to {to.name}" if to.id != agent.id else f"{agent.name} took the case"
    event = await threads.append(session, thread, "event", "agent", said, agent=agent)
    if event is not None and to.id != agent.id:
        mentions.mention(session, event, to)
    return case


async def give_to_team(session: AsyncSession, thread_id: int, agent: Agent, team_id: int) -> Case:
    """Give a case to a team: it waits for its members. Raises as `transfer` does, and `NoSuchTeam`."""
    thread, case = await cases.locked(session, thread_id)
    if case.closed_at is not None:
        raise errors.AlreadyClosed
    if case.claimed_by not in (None, agent.id) and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse
    team = await teams.locked(session, team_id)
    await teams.give(session, case, team)
    case.claimed_by = case.claimed_at = None
    said = f"{agent.name} gave the case to the team {team.name}"
    await threads.append(session, thread, "event", "agent", said, agent=agent)
    return case


async def give_back(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """Let the bot speak again: the case closes, the bot begins anew, and a new case comes if it needs a person.

    What the customer said until now is not answered again. Raises `AlreadyClosed`, `Stopped`, `ClaimedBySomebodyElse`.
    """
    thread, case = await cases.locked(session, thread_id)
    if case.closed_at is not None:
        raise errors.AlreadyClosed
    if case.claimed_by not in (None, agent.id) and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse
    if not await people.may_talk(session, thread):
        raise errors.Stopped
    case.closed_at, case.closed_by = func.clock_timestamp(), agent.id
    said = f"{agent.name} gave the thread back to the bot"
    await threads.append(session, thread, "event", "agent", said, agent=agent)
    threads.give_floor(thread, "bot", func.clock_timestamp())
    thread.talk, thread.heard_seq = None, thread.last_seq
    await clocks.measure(session, thread_id)
    return case


async def somebody_is_here(session: AsyncSession) -> bool:
    """Whether any agent is at their desk."""
    return await session.scalar(select(Agent.id).where(is_here()).limit(1)) is not None


def is_here() -> ColumnElement[bool]:
    """Whether an agent may answer, is not away by their own word, and is at their desk."""
    lately = SignIn.seen_at > func.clock_timestamp() - HERE
    seen = exists().where(SignIn.agent_id == Agent.id, SignIn.revoked_at.is_(None), lately)
    return and_(Agent.disabled_at.is_(None), Agent.role != "analyst", Agent.away_at.is_(None), seen)


async def left_alone(session: AsyncSession, silence: timedelta) -> Sequence[int]:
    """Threads whose customer has waited `silence` for an agent who claimed the case and was not seen meanwhile."""
    before = await session.scalar(select(func.clock_timestamp() - silence))
    seen = select(func.max(SignIn.seen_at)).where(SignIn.agent_id == Case.claimed_by).scalar_subquery()
    waits = _unanswered_since().scalar_subquery()
    gone = (Case.closed_at.is_(None), Case.claimed_at < before, func.coalesce(seen, Case.claimed_at) < before)
    return list(await session.scalars(select(Case.thread_id).where(*gone, waits < before).order_by(Case.thread_id)))


async def take_back(session: AsyncSession, thread_id: int) -> bool:
    """Put the case of an agent who is gone into the queue again. `False`: it is not theirs any more."""
    thread, case = await cases.locked(session, thread_id)
    if case.closed_at is not None or case.claimed_by is None:
        return False
    name = await session.scalar(select(Agent.name).where(Agent.id == case.claimed_by))
    case.claimed_by = case.claimed_at = None
    said = f"Back in the queue: the customer waits, and {name} has not been here for a while"
    await threads.append(session, thread, "event", "bot", said)
    return True


def _at_work(agent_id: int) -> Select[Agent]:
    works = (Agent.disabled_at.is_(None), Agent.role != "analyst")
    return select(Agent).where(Agent.id == agent_id, *works)


def _unanswered_since() -> Select[datetime]:
    """When the customer of a case wrote the first line that nobody of the team has answered, or the handoff."""
    line, answer = aliased(Message), aliased(Message)
    ours = (answer.thread_id == Case.thread_id, answer.by == "agent", answer.kind == "chat")
    last = select(func.max(answer.seq)).where(*ours, answer.written_at > Case.opened_at).correlate(Case)
    theirs = (line.thread_id == Case.thread_id, line.kind == "chat", line.by == "customer")
    answered = func.coalesce(last.scalar_subquery(), 0)
    return select(func.min(line.written_at)).where(*theirs, line.seq > answered).correlate(Case)
