"""The inbox: the list of cases, the thread beside it, and the hints that keep both true."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from handoff import agents, deeds
from handoff.web.panes import ThreadId, inbox_page
from handoff.web.rows import lately_changed
from handoff.web.site import Here, Me
from handoff.web.stream import stream
from handoff.web.where import Where
from handoff.web.witness import address

router = APIRouter()

Asked = Annotated[str, Header()]
"""`Knock-Live`: what a page asks by itself; "hidden" says that nobody looks at it."""


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
    request: Request, here: Here, me: Me, thread_id: ThreadId, at: Where, knock_live: Asked = ""
) -> HTMLResponse:
    """A thread beside the list. 404 unless it was handed off. Whoever reads without having the case leaves a trace."""
    page = await inbox_page(here, me, thread_id, at, looks=knock_live != "hidden")
    async with here.database.transaction("inbox.read") as session:
        await deeds.write_reading(session, me, thread_id, address(request))
    return page


@router.get("/live")
async def live(request: Request, here: Here, me: Me) -> StreamingResponse:
    """Which handed-off threads changed, for as long as the agent is signed in."""
    token = request.cookies[here.cookie]
    handed_off: set[int] = set()

    async def allowed() -> bool:
        async with here.database.reading() as session:
            handed_off.clear()
            handed_off.update(await lately_changed(session))
            return await agents.signed_in(session, token) is not None

    others = here.live.presence.changes(lambda present: present.who != me.id)
    return stream(here.live, allowed, handed_off.__contains__, present=others)
