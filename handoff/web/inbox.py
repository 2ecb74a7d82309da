"""The inbox: the list of cases, the thread beside it, and the hints that keep both true."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from handoff.database import MODELS
from handoff.tokens import digest
from handoff.web.panes import ThreadId, inbox_page
from handoff.web.reading import Reads
from handoff.web.site import Here, Me
from handoff.web.stream import stream
from handoff.web.where import Where

router = APIRouter()


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
    here: Here,
    me: Me,
    thread_id: ThreadId,
    at: Where,
    reads: Reads,
    unmasked: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> HTMLResponse:
    """A thread beside the list. 404 unless it was handed off. Whoever reads without having the case leaves a trace."""
    return await inbox_page(here, me, thread_id, at, reader=reads, unmasked=unmasked)


@router.get("/live")
async def live(request: Request, here: Here, me: Me) -> StreamingResponse:
    """Which handed-off threads changed, for as long as the agent is signed in."""
    cookie = digest(request.cookies[here.cookie])
    handed_off: frozenset[int] = frozenset()

    async def allowed() -> bool:
        nonlocal handed_off
        now = await here.commons.watch()
        handed_off = now.changed
        return cookie in now.signed_in

    others = here.live.presence.changes(lambda present: present.who != me.id)
    may_see_models = me.may("report")

    def wanted(hint: int) -> bool:
        return hint in handed_off or (hint == MODELS and may_see_models)

    return stream(here.live, allowed, wanted, present=others)
