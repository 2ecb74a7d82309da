"""/admin/audit: who did what, when and from where; as a page and as a table for a spreadsheet."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from handoff import agents, deeds, versions
from handoff.api.sheet import MARK, line
from handoff.deeds import Deed, Sought
from handoff.web.at_once import at_once
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAuditing

router = APIRouter(prefix="/admin")

PAGE = 100
MOST_ROWS = 50_000
"""Rows of one table for a spreadsheet."""


class Asked:
    """What the form of the page asks for; what is left empty, or is nothing of ours, is all."""

    def __init__(
        self,
        person: Annotated[str, Query(max_length=20)] = "",
        deed: Annotated[str, Query(max_length=80)] = "",
        thread: Annotated[str, Query(max_length=20)] = "",
        day: Annotated[str, Query(max_length=20)] = "",
    ) -> None:
        self.fields = {"person": person, "deed": deed, "thread": thread, "day": day}
        self.sought = Sought(_number(person), deed or None, _number(thread), _day(day))

    @property
    def query(self) -> str:
        """The same question as part of an address."""
        return urlencode({name: value for name, value in self.fields.items() if value})


@router.get("/audit")
async def audit(
    here: Here,
    me: MeAuditing,
    asked: Annotated[Asked, at_once(Asked)],
    before: Annotated[int, Query(ge=1, le=2**62)] = 2**62,
) -> HTMLResponse:
    """The page, the newest deeds first."""
    async with here.database.reading() as session:
        found = await deeds.found(session, asked.sought, before=before, most=PAGE + 1)
        values: dict[str, Any] = {
            "people": await agents.everybody(session),
            "kinds": await deeds.kinds(session),
            "back": await versions.to_roll_back_to(session) if me.may("train") else None,
            "live": await versions.live(session),
            "rail": await rail_of(session, me),
        }
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return here.page("audit.html", me=me, place="admin", asked=asked, deeds=found[:PAGE], older=older, **values)


@router.get("/audit.csv")
async def audit_table(here: Here, me: MeAuditing, asked: Annotated[Asked, at_once(Asked)]) -> Response:
    """The same as a table; that it was taken away is a deed as well."""
    async with here.database.transaction("inbox.export deeds") as session:
        found = await deeds.found(session, asked.sought, most=MOST_ROWS)
        deeds.tell(session, f"{len(found)} deeds")
    headers = {"Content-Disposition": 'attachment; filename="deeds.csv"'}
    return Response(_table(found), media_type="text/csv; charset=utf-8", headers=headers)


def _table(found: Iterable[Deed]) -> str:
    rows: list[Iterable[object]] = [("when", "who", "address of who", "deed", "thread", "about", "from")]
    for one in found:
        who = (one.agent.name, one.agent.email) if one.agent else ("", "")
        rows.append((one.at, *who, one.what, one.thread_id, one.about, one.address))
    return MARK + "".join(line(row) for row in rows)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None
