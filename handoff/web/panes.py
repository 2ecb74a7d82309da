"""The page of the inbox: the list, and beside it the thread with its composer and its details."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Path
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import bookmarks, notices, saved_views
from handoff.attachments import ACCEPTED
from handoff.models import Agent
from handoff.web.composer import Unsent, composer
from handoff.web.rows import URGENCY, rows
from handoff.web.site import Site
from handoff.web.view import thread_view
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
    looks: bool = False,
    unsent: Unsent | None = None,
    unmasked: int = 0,
) -> HTMLResponse:
    """All panes. Raises `NoSuchCase` for a thread that was not handed off.

    `undone` says what could not be done with several cases. `looks`: somebody has the thread before their eyes.
    """
    async with here.database.reading() as session:
        opened = None if thread_id is None else await thread_view(session, me, here.brand_name, thread_id, unmasked)
        writing = None if thread_id is None else await composer(session, me, thread_id, unsent)
        listed = await _listed(session, me, at, thread_id, read=thread_id if looks else None)
        wish = await notices.of(session, me)
    if opened and looks:
        async with here.database.transaction("inbox.bookmark") as session:
            await bookmarks.put(session, me, opened.thread.id, opened.thread.last_seq)
    return here.page(
        "inbox.html",
        status,
        **listed,
        opened=opened,
        problem=problem,
        undone=undone,
        composer=writing,
        wish=wish,
        client_id=str(uuid4()),
        priorities=URGENCY,
        accepted=ACCEPTED,
        largest_file=here.settings.largest_file,
    )


async def list_page(here: Site, me: Agent, thread_id: int, at: Place) -> HTMLResponse:
    """The list beside a thread that did not change: half the work."""
    async with here.database.reading() as session:
        listed = await _listed(session, me, at, thread_id, read=thread_id)
    return here.page("list_alone.html", **listed, undone=())


async def _listed(
    session: AsyncSession, me: Agent, at: Place, current: int | None, *, read: int | None
) -> dict[str, Any]:
    """What the list is drawn from."""
    listed, kept = await rows(session, me, at, read=read), await saved_views.of(session, me)
    waiting = listed.counts["waiting"]
    return {
        "me": me,
        "at": at,
        "listed": listed,
        "saved_views": kept,
        "current": current,
        "place": "inbox",
        "waiting": waiting,
    }
