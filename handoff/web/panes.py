"""The page of the inbox: the list, and beside it the thread with its composer and its details."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Path
from fastapi.responses import HTMLResponse

from handoff import notices, saved_views
from handoff.attachments import ACCEPTED
from handoff.models import Agent
from handoff.web.composer import Unsent, composer
from handoff.web.listing import listing
from handoff.web.pieces import pieces
from handoff.web.rail import Rail
from handoff.web.reading import Reader
from handoff.web.site import Site
from handoff.web.view import thread_view
from handoff.web.views import URGENCY
from handoff.web.where import Place

ThreadId = Annotated[int, Path(ge=1, le=2**62)]


async def inbox_page(
    here: Site,
    me: Agent,
    thread_id: int | None,
    at: Place,
    *,
    status: int = 200,
    problem: str | None = None,
    undone: Sequence[str] = (),
    unsent: Unsent | None = None,
    unmasked: int = 0,
    reader: Reader | None = None,
) -> HTMLResponse:
    """All panes. Raises `NoSuchCase` for a thread that was not handed off.

    `undone` says what could not be done with several cases.
    """
    async with here.database.reading() as session:
        opened = None if thread_id is None else await thread_view(session, me, here.brand_name, thread_id, unmasked)
        writing = None if thread_id is None else await composer(session, me, thread_id, unsent)
        kept, wish = await saved_views.of(session, me), await notices.of(session, me)
    listed = await listing(here.commons, me, at, thread_id, read=thread_id if reader and reader.looks else None)
    around = await surroundings(here, at)
    drawn = pieces(opened, **around) if opened else None
    if opened and reader:
        await reader.has_read(here, me, opened)
    return here.page(
        "inbox.html",
        status,
        **around,
        me=me,
        listed=listed,
        pieces=drawn,
        list_stamp=here.told.at_first(listed.parts),
        thread_stamp=here.told.at_first(drawn.parts) if drawn else "",
        known=(),
        current=thread_id,
        place="inbox",
        rail=Rail(listed.counts["waiting"], listed.counts.get("reviews", 0)),
        saved_views=kept,
        opened=opened,
        problem=problem,
        undone=undone,
        composer=writing,
        wish=wish,
        accepted=ACCEPTED,
        largest_file=here.settings.largest_file,
    )


async def surroundings(here: Site, at: Place, since: int | None = None) -> dict[str, Any]:
    """What the pieces of a thread are drawn from besides the thread."""
    staff = await here.commons.staff(since)
    return {"at": at, "staff": staff, "priorities": URGENCY, "client_id": str(uuid4())}
