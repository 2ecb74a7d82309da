"""The inbox: the list of cases, the thread beside it, and the hints that keep both true."""

from collections.abc import Mapping, Sequence, Set
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse

from handoff.database import EVERYTHING, MODELS
from handoff.tokens import digest
from handoff.web.panes import ThreadId, inbox_page
from handoff.web.reading import Reads
from handoff.web.site import Here, Me
from handoff.web.stream import stream
from handoff.web.told_list import ToldList
from handoff.web.where import Where

router = APIRouter()

Places = Annotated[Sequence[Annotated[str, Query(max_length=5000)]], Query(max_length=40)]
"""The lists that are open in the tabs of a browser, each as the query of its address."""


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


@router.get("/counts")
async def counts(here: Here, me: Me) -> JSONResponse:
    """The numbers of the rail, for pages on which nothing else changes by itself."""
    numbers = await here.commons.numbers()
    return JSONResponse({"waiting": numbers.all["waiting"], "reviews": numbers.reviews if me.may("train") else 0})


@router.get("/live")
async def live(request: Request, here: Here, me: Me, at: Places = ()) -> StreamingResponse:
    """Which handed-off threads changed, for as long as the agent is signed in; and how the lists at `at` look then."""
    cookie = digest(request.cookies[here.cookie])
    handed_off: Mapping[int, Set[int]] = {}
    told = [ToldList(here, place) for place in dict.fromkeys(at)]
    for one in told:
        await one.news(me, {EVERYTHING})

    async def allowed() -> bool:
        nonlocal handed_off, me
        now = await here.commons.watch(here.live.moment)
        handed_off, me = now.changed, now.signed_in.get(cookie, me)
        return cookie in now.signed_in

    async def lists(hints: Set[int]) -> list[str]:
        mine = {hint for hint in hints if me.id in handed_off.get(hint, ())}
        return [news for one in told if (news := await one.news(me, hints, mine)) is not None]

    others = here.live.presence.changes(lambda present: present.who != me.id)
    may_see_models = me.may("report")

    def wanted(hint: int) -> bool:
        return hint in handed_off or (hint == MODELS and may_see_models)

    def awaited(hints: Set[int]) -> bool:
        return EVERYTHING in hints or me.id in here.live.presence.at(hints)

    return stream(here.live, allowed, wanted, awaited=awaited, present=others, lists=lists)
