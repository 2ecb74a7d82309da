"""The inbox: the list of cases, the thread beside it, and the hints that keep both true."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from handoff import agents, deeds
from handoff.database import MODELS, Database
from handoff.tokens import digest
from handoff.web.panes import ThreadId, inbox_page, list_page
from handoff.web.rows import lately_changed
from handoff.web.site import Here, Me
from handoff.web.stream import stream
from handoff.web.together import Together
from handoff.web.where import Where
from handoff.web.witness import address

router = APIRouter()

Asked = Annotated[str, Header()]
"""`Knock-Live`: what a page asks by itself. "hidden": nobody looks at it. "list": another thread changed."""


@router.get("/")
async def front_door() -> RedirectResponse:
    """To the inbox."""
    return RedirectResponse("/inbox", 303)


@router.get("/inbox")
async def inbox(here: Here, me: Me, at: Where) -> HTMLResponse:
    """The list alone."""
    return await inbox_page(here, me, None, at)


@router.get("/inbox/{thread_id}")
async def thread(
    request: Request,
    here: Here,
    me: Me,
    thread_id: ThreadId,
    at: Where,
    knock_live: Asked = "",
    unmasked: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> HTMLResponse:
    """A thread beside the list. 404 unless it was handed off. Whoever reads without having the case leaves a trace."""
    if knock_live == "list":
        return await list_page(here, me, thread_id, at)
    page = await inbox_page(here, me, thread_id, at, looks=knock_live != "hidden", unmasked=unmasked)
    async with here.database.transaction("inbox.read") as session:
        await deeds.write_reading(session, me, thread_id, address(request))
    return page


@dataclass(frozen=True, slots=True)
class Watch:
    """What all open streams ask of the record."""

    changed: set[int]
    """Handed-off threads that changed lately."""
    signed_in: set[str]

    @classmethod
    async def look(cls, database: Database) -> "Watch":
        """As it is now."""
        async with database.reading() as session:
            return cls(await lately_changed(session), await agents.all_signed_in(session))


@router.get("/live")
async def live(request: Request, here: Here, me: Me) -> StreamingResponse:
    """Which handed-off threads changed, for as long as the agent is signed in."""
    cookie = digest(request.cookies[here.cookie])
    look: Together[Watch] = request.app.state.watch
    handed_off: set[int] = set()

    async def allowed() -> bool:
        nonlocal handed_off
        now = await look()
        handed_off = now.changed
        return cookie in now.signed_in

    others = here.live.presence.changes(lambda present: present.who != me.id)
    may_see_models = me.may("report")

    def wanted(hint: int) -> bool:
        return hint in handed_off or (hint == MODELS and may_see_models)

    return stream(here.live, allowed, wanted, present=others)
