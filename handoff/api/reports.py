"""/reports: what happened on each day."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter
from fastapi import Query as FromQuery
from pydantic import BaseModel, Field, model_validator

from handoff import reports
from handoff.api import shapes
from handoff.api.cursor import Query
from handoff.api.gate import Record
from handoff.api.threads import Word

router = APIRouter(prefix="/reports", tags=["reports"])

LONGEST = 366
"""Days of one report."""


class Asked(Query):
    """Which days; by default the last thirty."""

    first: Annotated[date | None, Field(description="The first day (UTC).")] = None
    last: Annotated[date | None, Field(description="The last day (UTC); by default today.")] = None
    channel: Word = None

    @property
    def days(self) -> tuple[date, date]:
        """From when to when."""
        last = self.last or datetime.now(UTC).date()
        return self.first or last - timedelta(days=min(29, last.toordinal() - 1)), last

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        first, last = self.days
        if not 0 <= (last - first).days < LONGEST:
            raise ValueError(f"from `first` to `last` are at least 1 day and at most {LONGEST}")
        return self


class Days(BaseModel):
    """A report, day by day."""

    items: list[shapes.Day]


@router.get("/days", response_model=Days)
async def days(record: Record, asked: Annotated[Asked, FromQuery()]) -> Days:
    """Count each day: mentions, offers, links opened, opt-ins, cases, solved, and how long first replies took."""
    async with record.reading() as session:
        found = await reports.days(session, *asked.days, asked.channel)
    return Days(items=[shapes.Day(**asdict(day)) for day in found])
