"""Which cases belong to a view of the list, and in which order they stand there."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal
from sqlalchemy.orm import aliased

from handoff import teams
from handoff.mentions import Mention
from handoff.models import Case, OptIn, Thread
from handoff.web.where import Place, View

URGENCY = ("urgent", "high", "normal", "low")

OPTED_IN = exists().where(OptIn.thread_id == Case.thread_id)
_SNOOZED = and_(Case.snoozed_until.is_not(None), Case.snoozed_until > func.now())


def shown_in(view: View, me: int = 0) -> tuple[ColumnElement[bool], ...]:
    """Which cases an agent sees in a view. Snoozed ones are out of sight; of a thread only the newest case is shown."""
    is_open = Case.closed_at.is_(None)
    match view:
        case "all":
            return (_newest(),)
        case "closed":
            return Case.closed_at.is_not(None), _newest()
        case "snoozed":
            return is_open, _SNOOZED
        case "mentions":
            return is_open, exists().where(Mention.thread_id == Case.thread_id, Mention.agent_id == literal(me))
        case "mine":
            return is_open, ~_SNOOZED, Case.claimed_by == literal(me)
        case "waiting":
            return is_open, ~_SNOOZED, Case.claimed_by.is_(None)
        case "open":
            return is_open, ~_SNOOZED
        case "risk":
            return is_open, ~_SNOOZED, Case.soon_at <= func.now()


def narrowed(at: Place) -> list[ColumnElement[bool]]:
    """To what the list is narrowed besides."""
    channel = exists().where(Thread.id == Case.thread_id, Thread.channel == at.channel)
    team = Case.id.in_(teams.cases_of(at.team))
    wanted = [(at.channel, channel), (at.tag, Case.tags.contains([at.tag])), (at.team, team)]
    return [condition for word, condition in wanted if word]


def order(at: Place) -> Sequence[ColumnElement[Any]]:
    """Urgent ones first, then who has waited longest, unless something else was asked for."""
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


@cache
def _newest() -> ColumnElement[bool]:
    later = aliased(Case)
    return ~exists().where(later.thread_id == Case.thread_id, later.id > Case.id)
