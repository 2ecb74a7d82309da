"""/reports: in numbers, whether customers were helped, and how quickly; as a page, and as a table to save."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from handoff import reports as numbers
from handoff import verdicts
from handoff.api.sheet import Sheet, saved
from handoff.api.solved import week_lines
from handoff.verdicts import Week
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting

router = APIRouter(prefix="/reports")

Weeks = Annotated[int, Query(ge=1, le=53)]
"""How many weeks back, the running one among them."""

DAYS = 14
"""Days whose numbers the page shows; the API has those of any."""


@router.get("")
async def reports(here: Here, me: MeReporting, weeks: Weeks = 12) -> HTMLResponse:
    """The page."""
    async with here.database.reading() as session:
        found = await verdicts.weeks(session, *days(weeks))
        today = datetime.now(UTC).date()
        by_day = await numbers.days(session, today - timedelta(days=DAYS - 1), today)
        rail = await rail_of(session, me)
    shown = {"found": found, "agents": summed(found), "by_day": by_day[::-1]}
    return here.page("reports.html", 200, me=me, place="reports", rail=rail, weeks=weeks, **shown)


@router.get("/solved.csv")
async def solved(here: Here, me: MeReporting, weeks: Weeks = 12) -> Sheet:
    """The same as a table."""
    return saved("solved", week_lines(here.database, *days(weeks)))


def days(weeks: int) -> tuple[date, date]:
    """From the Monday of so many weeks back until today (UTC)."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday() + 7 * (weeks - 1)), today


def summed(found: Sequence[Week]) -> Sequence[Week]:
    """All weeks of each agent as one, by name."""
    sums: dict[int | None, Week] = {}
    for one in found:
        before = sums.get(one.agent_id)
        numbers = (one.solved, one.not_solved, one.silent)
        if before is not None:
            numbers = (before.solved + numbers[0], before.not_solved + numbers[1], before.silent + numbers[2])
        sums[one.agent_id] = Week(one.week, one.agent_id, one.agent, one.email, *numbers)
    return sorted(sums.values(), key=lambda one: (one.agent is None, one.agent or ""))
