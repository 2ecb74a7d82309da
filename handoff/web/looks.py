"""What an open page asks by itself: what changed in its thread and in the list, as far as it does not have it.

A page says which answer it got last. A row or a message that it has as it is comes as its name alone.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from handoff.web.listing import Listing, listing
from handoff.web.panes import ThreadId, surroundings
from handoff.web.pieces import Pieces, pieces
from handoff.web.reading import Reads
from handoff.web.site import Here, Me
from handoff.web.view import ThreadView, thread_view
from handoff.web.where import Where

router = APIRouter()

Number = Annotated[int, Query(ge=0, le=2**62)]


class Wish:
    """What a page has: `have` and `have_thread` are the stamps of its answers, `since` the newest change it knows of.

    It wants a list that was made after that moment; 0: after it asked.
    """

    def __init__(self, here: Here, me: Me, at: Where, since: Number = 0, have: str = "", have_thread: str = "") -> None:
        self.here, self.me, self.at, self.since = here, me, at, since or None
        self.have, self.have_thread = have, have_thread


Asked = Annotated[Wish, Depends()]


@router.get("/list")
async def list_alone(asked: Asked, thread: Number = 0) -> Response:
    """The list beside a thread. 204 if the page has it all."""
    listed = await listing(asked.here.commons, asked.me, asked.at, thread or None, read=thread, since=asked.since)
    return _answer(asked, listed, None, None)


@router.get("/inbox/{thread_id}/look")
async def look(asked: Asked, thread_id: ThreadId, reads: Reads, unmasked: Number = 0) -> Response:
    """A thread and the list beside it. 404 unless it was handed off. 204 if the page has it all."""
    here, me = asked.here, asked.me
    async with here.database.reading() as session:
        opened = await thread_view(session, me, here.brand_name, thread_id, unmasked)
    read = thread_id if reads.looks else None
    listed = await listing(here.commons, me, asked.at, thread_id, read=read, since=asked.since)
    drawn = pieces(opened, **await surroundings(here, asked.at, since=0))
    await reads.has_read(here, me, opened)
    return _answer(asked, listed, opened, drawn)


def _answer(asked: Wish, listed: Listing, opened: ThreadView | None, drawn: Pieces | None) -> Response:
    told = asked.here.told
    list_stamp, known = told.again(asked.have, listed.parts)
    thread_stamp, known_of_thread = (
        told.again(asked.have_thread, drawn.parts) if drawn else (asked.have_thread, frozenset())
    )
    if (list_stamp, thread_stamp) == (asked.have, asked.have_thread):
        return Response(status_code=204)
    stamps = {"list_stamp": list_stamp, "thread_stamp": thread_stamp}
    values: dict[str, Any] = {"me": asked.me, "at": asked.at, "listed": listed, "opened": opened, "pieces": drawn}
    return asked.here.page("look.html", 200, **values, **stamps, known=known | known_of_thread)
