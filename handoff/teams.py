"""Teams: people who share some of the cases. A case that was given to a team waits for any of its members."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import database, errors
from handoff.base import Base, identity, now
from handoff.models import Agent, Case

LONGEST_NAME = 60


class Team(Base):
    """People who answer for the same things."""

    __tablename__ = "teams"

    id: Mapped[int] = identity()
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = now()


class Membership(Base):
    """Somebody is in a team; they may be in several."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True, index=True)


class TeamCase(Base):
    """A case that was given to a team. When the team is removed the case stays, for everybody."""

    __tablename__ = "team_cases"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)


async def everything(session: AsyncSession) -> Sequence[Team]:
    """All teams, by name."""
    return list(await session.scalars(select(Team).order_by(Team.folded_name)))


async def members(session: AsyncSession) -> Mapping[int, set[int]]:
    """The agents of each team, by their numbers; a team of nobody is missing."""
    found: dict[int, set[int]] = {}
    for one in await session.scalars(select(Membership)):
        found.setdefault(one.team_id, set()).add(one.agent_id)
    return found


async def with_cases(session: AsyncSession) -> Sequence[tuple[Team, int]]:
    """All teams, by name, with how many open cases that are not snoozed each has."""
    query = select(Team, func.count(Case.id)).outerjoin(TeamCase, TeamCase.team_id == Team.id)
    awake = Case.snoozed_until.is_(None) | (Case.snoozed_until <= func.now())
    query = query.outerjoin(Case, (Case.id == TeamCase.case_id) & Case.closed_at.is_(None) & awake)
    found = await session.execute(query.group_by(Team.id).order_by(Team.folded_name))
    return [(team, count) for team, count in found]


async def of_cases(session: AsyncSession, case_ids: Sequence[int]) -> Mapping[int, Team]:
    """The team of each case that has one."""
    query = select(TeamCase.case_id, Team).join(Team, Team.id == TeamCase.team_id).where(TeamCase.case_id.in_(case_ids))
    return dict((await session.execute(query)).all())


def cases_of(team_id: int) -> Select[int]:
    """The numbers of the cases that were given to a team."""
    return select(TeamCase.case_id).where(TeamCase.team_id == team_id)


async def make(session: AsyncSession, name: str) -> Team:
    """A new team, of nobody yet. Raises `TeamNameMissing`, `TeamNameTaken`."""
    name = _name(name)
    row = insert(Team).values(name=name, folded_name=name.casefold()).on_conflict_do_nothing().returning(Team)
    if (team := (await session.scalars(row)).one_or_none()) is None:
        raise errors.TeamNameTaken
    return team


async def rename(session: AsyncSession, team_id: int, name: str) -> None:
    """Call a team otherwise. Raises `TeamNameMissing`, `TeamNameTaken`."""
    name = _name(name)
    renaming = update(Team).where(Team.id == team_id).values(name=name, folded_name=name.casefold())
    try:
        async with session.begin_nested():
            await session.execute(renaming)
    except IntegrityError:
        raise errors.TeamNameTaken from None
    database.changed(session, database.LISTS)


async def remove(session: AsyncSession, team_id: int) -> None:
    """Remove a team. Its cases stay where they are: with whoever claimed them, or waiting for everybody."""
    await session.execute(delete(Team).where(Team.id == team_id))
    database.changed(session, database.LISTS)


async def fill(session: AsyncSession, team_id: int, agent_ids: Sequence[int]) -> None:
    """Let these people, and nobody else, be the team. Raises `NoSuchTeam`."""
    await locked(session, team_id)
    await session.execute(delete(Membership).where(Membership.team_id == team_id))
    known = select(Agent.id).where(Agent.id.in_(agent_ids), Agent.disabled_at.is_(None))
    for agent_id in list(await session.scalars(known)):
        session.add(Membership(team_id=team_id, agent_id=agent_id))
    await session.flush()


async def give(session: AsyncSession, case: Case, team: Team) -> None:
    """The case is this team's from now on."""
    row = insert(TeamCase).values(case_id=case.id, team_id=team.id)
    await session.execute(row.on_conflict_do_update(index_elements=["case_id"], set_={"team_id": team.id}))


async def locked(session: AsyncSession, team_id: int) -> Team:
    """A team that nobody removes meanwhile. Raises `NoSuchTeam`."""
    team = await session.get(Team, team_id, with_for_update=True)
    if team is None:
        raise errors.NoSuchTeam
    return team


def _name(name: str) -> str:
    if not (said := " ".join(name.split())[:LONGEST_NAME]):
        raise errors.TeamNameMissing
    return said
