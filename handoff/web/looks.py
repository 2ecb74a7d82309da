"""What an open page asks by itself: what changed in its thread and in the list, as far as it does not have it.

A page says which answer it got last. A row or a message that it has as it is comes as its name alone.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from handoff.models import Agent
from handoff.web.at_once import OfQuery
from handoff.web.listing import Listing, listing
from handoff.web.panes import ThreadId, surroundings
from handoff.web.pieces import Pieces, pieces
from handoff.web.reading import Reads
from handoff.web.site import Here, Me, Site
from handoff.web.view import ThreadView, thread_view
from handoff.web.where import PLACE, Place

router = APIRouter()

Number = Annotated[int, Query(ge=0, le=2**62)]


@dataclass(frozen=True, slots=True)
class Has:
    """What a page has: `have` and `have_thread` are the stamps of its answers, `since` the newest change it knows of.

    It wants a list that was made after that moment; 0: after it asked.
    """

    since: Number = 0
    have: str = ""
    have_thread: str = ""
    thread: Number = 0
    """The thread beside the list."""
    unmasked: Number = 0


HAS = OfQuery(Has)


@dataclass(frozen=True, slots=True)
class Wish:
    """Who looks, at which place of the list, and what they have of it."""

    here: Site
    me: Agent
    at: Place
    has: Has

    async def listing(self, thread_id: int, *, is_read: bool) -> Listing:
        """The list as it is wanted. `is_read`: the thread is before the agent's eyes."""
        read, since = thread_id if is_read else None, self.has.since or None
        return await listing(self.here.commons, self.me, self.at, thread_id or None, read=read, since=since)


async def wish(request: Request, here: Here, me: Me) -> Wish:
    """What a page asks for. Read by itself: each dependency less is a tenth of what a look costs."""
    return Wish(here, me, await PLACE(request), await HAS(request))


Asked = Annotated[Wish, Depends(wish)]


@router.get("/list")
async def list_alone(asked: Asked) -> Response:
    """The list beside a thread. 204 if the page has it all."""
    return _answer(asked, await asked.listing(asked.has.thread, is_read=True), None, None)


@router.get("/inbox/{thread_id}/look")
async def look(asked: Asked, thread_id: ThreadId, reads: Reads) -> Response:
    """A thread and the list beside it. 404 unless it was handed off. 204 if the page has it all."""
    here, me = asked.here, asked.me
    async with here.database.reading() as session:
        opened = await thread_view(session, me, here.brand_name, thread_id, asked.has.unmasked)
    listed = await asked.listing(thread_id, is_read=reads.looks)
    drawn = pieces(opened, **await surroundings(here, asked.at, since=0))
    await reads.has_read(here, me, opened)
    return _answer(asked, listed, opened, drawn)


def _answer(asked: Wish, listed: Listing, opened: ThreadView | None, drawn: Pieces | None) -> Response:
    told = asked.here.told
    list_stamp, known = told.again(asked.has.have, listed.parts)
    thread_stamp, has = (
        told.again(asked.has.have_thread, drawn.parts) if drawn else (asked.has.have_thread, frozenset())
    )
    if (list_stamp, thread_stamp) == (asked.has.have, asked.has.have_thread):
        return Response(status_code=204)
    stamps = {"list_stamp": list_stamp, "thread_stamp": thread_stamp}
    values: dict[str, Any] = {"me": asked.me, "at": asked.at, "listed": listed, "opened": opened, "pieces": drawn}
    return asked.here.page("look.html", 200, **values, **stamps, known=known | {name for name, _ in has})
