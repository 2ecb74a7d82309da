"""The list of cases: which an agent sees in each view, in which order, and how long each customer waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, exists, func, literal, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, contains_eager, selectinload

from handoff import bookmarks, matches, search, spellings, teams
from handoff.mentions import Mention
from handoff.models import Agent, Case, Customer, Message, OptIn, Thread
from handoff.teams import Team
from handoff.web.chips import Chip, chip
from handoff.web.where import Place, View
from nlu.contacts import masked

URGENCY = ("urgent", "high", "normal", "low")

COUNTED: Sequence[View] = ("mine", "waiting", "open", "risk", "mentions", "snoozed")
"""The views whose cases are counted."""

CALLED = 3
"""Customers of a name that a search shows above the cases."""

NAMED = 12
"""Tags that the list offers to narrow itself by: those that most cases have."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list."""

    case: Case
    customer: Customer
    team: Team | None
    """Whose case it is, until somebody has it."""
    is_unread: bool
    snippet: Sequence[tuple[str, bool]]
    """Where the words of a search were found in a line; empty if they were found elsewhere."""

    @property
    def clock(self) -> Chip | None:
        """What is due first."""
        return chip(self.case)

    @property
    def waiting_since(self) -> datetime | None:
        """Empty when the last word is ours."""
        return None if self.case.closed_at else self.case.waiting_since


@dataclass(frozen=True, slots=True)
class Rows:
    """One view of the list."""

    at: Place
    rows: Sequence[Row]
    has_more: bool
    counts: Mapping[str, int]
    channels: Sequence[tuple[str, int]]
    """Channels with open cases that are not snoozed."""
    tags: Sequence[tuple[str, int]]
    """The tags of the same."""
    teams: Sequence[tuple[Team, int]]
    """The teams that the agent looks after, with their open cases."""
    called: Sequence[Customer]
    """Customers whose name or handle was searched for."""
    meant: Sequence[str]
    """What else to search for, when nothing was found."""

    @property
    def team(self) -> Team | None:
        """The team that the list is narrowed to."""
        return next((team for team, _ in self.teams if team.id == self.at.team), None)


async def rows(session: AsyncSession, me: Agent, at: Place, read: int | None = None) -> Rows:
    """The first cases of a view: urgent ones, then who has waited longest; or where a search was found last.

    `read`: a thread that is before the agent's eyes right now.
    """
    found = (await session.execute((await _ids(session, me, at)).limit(at.show + 1))).all()
    lines: dict[int, int | None] = {row.id: row[1] for row in found[: at.show]}
    listed = await _drawn(session, me, at.search, lines, read)
    channels, tags = await _channels(session), await _tags(session)
    has_more, ours = len(found) > at.show, await teams.of(session, me)
    called = await matches.named(session, at.search, most=CALLED) if me.may("answer") else []
    meant = await spellings.near(session, at.search) if at.search and not listed else []
    return Rows(at, listed, has_more, await counts(session, me), channels, tags, ours, called, meant)


async def next_thread(session: AsyncSession, me: Agent, at: Place) -> int | None:
    """The thread to go on with: the first of the view."""
    first = (await _ids(session, me, at)).limit(1).with_only_columns(Case.thread_id)
    return await session.scalar(first)


async def counts(session: AsyncSession, me: Agent) -> dict[str, int]:
    """How many cases each view of open ones has."""
    return dict((await session.execute(_counts(), {"me": me.id})).one()._mapping)


async def lately_changed(session: AsyncSession) -> set[int]:
    """The threads in human hands, now or once, that changed within a minute: longer than a hint is on its way."""
    recently = Thread.changed_at > func.clock_timestamp() - timedelta(minutes=1)
    return set(await session.scalars(select(Thread.id).where(recently, exists().where(Case.thread_id == Thread.id))))


_OPTED_IN = exists().where(OptIn.thread_id == Case.thread_id)
_SNOOZED = and_(Case.snoozed_until.is_not(None), Case.snoozed_until > func.now())


async def _ids(session: AsyncSession, me: Agent, at: Place) -> Select[Any, Any]:
    """The cases of a view in their order, each with the line in which a search was found."""
    which = [*_of(at.view, literal(me.id)), *_narrowed(at)]
    if not at.search:
        return select(Case.id, null()).where(*which, _OPTED_IN).order_by(*_order(at), Case.id)
    few = at.view in ("mine", "mentions", "snoozed")
    hits = await search.found(session, at.search, *which, few=few)
    query = select(Case.id, hits.c.message_id).join(hits, hits.c.thread_id == Case.thread_id).where(*which, _OPTED_IN)
    return query.order_by(hits.c.message_id.desc().nulls_last(), Case.id.desc())


def _of(view: View, me: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Which cases belong to a view. Snoozed ones are out of sight; of a thread only the newest case is shown."""
    is_open = Case.closed_at.is_(None)
    match view:
        case "all":
            return (_newest(),)
        case "closed":
            return Case.closed_at.is_not(None), _newest()
        case "snoozed":
            return is_open, _SNOOZED
        case "mentions":
            return is_open, exists().where(Mention.thread_id == Case.thread_id, Mention.agent_id == me)
        case "mine":
            return is_open, ~_SNOOZED, Case.claimed_by == me
        case "waiting":
            return is_open, ~_SNOOZED, Case.claimed_by.is_(None)
        case "open":
            return is_open, ~_SNOOZED
        case "risk":
            return is_open, ~_SNOOZED, Case.soon_at <= func.now()


@cache
def _newest() -> ColumnElement[bool]:
    later = aliased(Case)
    return ~exists().where(later.thread_id == Case.thread_id, later.id > Case.id)


@cache
def _counts() -> Select[*tuple[Any, ...]]:
    """Made once: making it takes longer than asking it."""
    me = bindparam("me", type_=BigInteger)
    numbers = (func.count().filter(*_of(view, me)).label(view) for view in COUNTED)
    return select(*numbers).select_from(Case).where(Case.closed_at.is_(None))


def _narrowed(at: Place) -> list[ColumnElement[bool]]:
    channel = exists().where(Thread.id == Case.thread_id, Thread.channel == at.channel)
    team = Case.id.in_(teams.cases_of(at.team))
    wanted = [(at.channel, channel), (at.tag, Case.tags.contains([at.tag])), (at.team, team)]
    return [condition for word, condition in wanted if word]


def _order(at: Place) -> Sequence[ColumnElement[Any]]:
    newest = Case.closed_at.desc() if at.view == "closed" else Case.id.desc()
    match at.sort:
        case "oldest":
            return [Case.id.asc()]
        case "due" if at.view not in ("closed", "all"):
            return [Case.due_at.asc().nulls_last()]
        case "waiting" if at.view not in ("closed", "all"):
            urgency = case({name: place for place, name in enumerate(URGENCY)}, value=Case.priority)
            return [urgency, Case.waiting_since.asc().nulls_last(), Case.opened_at.asc()]
    return [newest]


async def _drawn(
    session: AsyncSession, me: Agent, words: str, lines: Mapping[int, int | None], read: int | None
) -> list[Row]:
    """The rows of cases, with all that is shown of them, in the order of `lines`."""
    query = (
        select(Case)
        .where(Case.id.in_(list(lines)))
        .join(Case.thread)
        .join(Thread.customer)
        .outerjoin(Case.claimer)
        .options(contains_eager(Case.thread).contains_eager(Thread.customer), contains_eager(Case.claimer))
        .options(selectinload(Case.clocks))
    )
    cases = {found.id: found for found in await session.scalars(query)}
    ours = [one.thread_id for one in cases.values() if one.closed_at is None and one.claimed_by in (None, me.id)]
    unread = await bookmarks.unread(session, me, ours) - {read}
    said, given = await _texts(session, lines.values()), await teams.of_cases(session, list(cases))
    shown = ((cases[case_id], said.get(line, "")) for case_id, line in lines.items() if case_id in cases)
    return [
        Row(one, one.thread.customer, given.get(one.id), one.thread_id in unread, search.snippet(masked(text), words))
        for one, text in shown
    ]


async def _texts(session: AsyncSession, lines: Any) -> dict[int | None, str]:
    wanted = [line for line in lines if line]
    if not wanted:
        return {}
    found = await session.execute(select(Message.id, Message.text).where(Message.id.in_(wanted)))
    return {line.id: line.text for line in found}


def _shown() -> Sequence[ColumnElement[bool]]:
    """What the view of open cases shows."""
    return [*_of("open", literal(0)), _OPTED_IN]


async def _channels(session: AsyncSession) -> Sequence[tuple[str, int]]:
    query = select(Thread.channel, func.count()).join(Case).where(*_shown()).group_by(Thread.channel)
    query = query.order_by(Thread.channel)
    return [(name, number) for name, number in await session.execute(query)]


async def _tags(session: AsyncSession) -> Sequence[tuple[str, int]]:
    tag = func.unnest(Case.tags).label("tag")
    tags = select(tag).where(*_shown()).subquery()
    query = select(tags.c.tag, func.count()).group_by(tags.c.tag).order_by(func.count().desc(), tags.c.tag)
    return [(name, n) for name, n in await session.execute(query.limit(NAMED))]
