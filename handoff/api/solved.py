"""/reports/solved: what customers said of closed cases, by week and agent; silence has its own column."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as FromQuery
from pydantic import BaseModel, Field

from handoff import verdicts
from handoff.api.gate import Record
from handoff.api.reports import Asked
from handoff.api.sheet import CSV, MARK, Sheet, line, saved
from handoff.database import Database

router = APIRouter(prefix="/reports")


class Week(BaseModel):
    """What was said of the cases that one agent closed in one week, of those about which the customer was asked."""

    week: Annotated[date, Field(description="Its Monday (UTC).")]
    agent: Annotated[str | None, Field(description="Email address; null if nobody had claimed the case.")]
    solved: int
    not_solved: int
    silent: Annotated[int, Field(description="Asked, and without an answer: neither yes nor no.")]


class Weeks(BaseModel):
    """A report, week by week, the newest first."""

    items: list[Week]


@router.get("/solved", response_model=Weeks, tags=["reports"])
async def solved(record: Record, asked: Annotated[Asked, FromQuery()]) -> Weeks:
    """Count what customers said of the cases that were closed in these days: solved, not solved, nothing."""
    return Weeks(items=await _weeks(record, *asked.days, asked.channel))


@router.get("/solved.csv", tags=["CSV"], responses=CSV, response_class=Sheet)
async def of_solved(record: Record, asked: Annotated[Asked, FromQuery()]) -> Sheet:
    """Save what customers said of closed cases, week by week."""
    return saved("solved", week_lines(record, *asked.days, asked.channel))


async def week_lines(database: Database, first: date, last: date, channel: str | None = None) -> AsyncIterator[str]:
    """Weeks."""
    yield MARK + line(Week.model_fields)
    for week in await _weeks(database, first, last, channel):
        yield line(week.model_dump().values())


async def _weeks(database: Database, first: date, last: date, channel: str | None) -> list[Week]:
    async with database.reading() as session:
        found = await verdicts.weeks(session, first, last, channel)
    numbers = ("week", "solved", "not_solved", "silent")
    return [Week(agent=one.email, **{name: getattr(one, name) for name in numbers}) for one in found]
