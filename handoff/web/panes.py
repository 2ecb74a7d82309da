"""The page of the inbox: the list, and beside it the thread with its composer and its details."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import Path, Query
from fastapi.responses import HTMLResponse

from handoff.models import Agent
from handoff.web.rows import PAGE, View, rows
from handoff.web.site import Site
from handoff.web.view import thread_view

ThreadId = Annotated[int, Path(ge=1, le=2**62)]
Search = Annotated[str, Query(max_length=200)]
Shown = Annotated[int, Query(ge=1, le=1000)]


@dataclass(frozen=True, slots=True)
class Unsent:
    """What an agent wrote that did not go out: the page gives it back."""

    mode: Literal["reply", "note"]
    text: str
    again: bool = False
    """Whether it may go out as it is, once the agent has read what came in between."""


async def inbox_page(
    here: Site,
    me: Agent,
    thread_id: int | None,
    view: View,
    q: str = "",
    show: int = PAGE,
    *,
    status: int = 200,
    problem: str | None = None,
    unsent: Unsent | None = None,
) -> HTMLResponse:
    """All panes. Raises `NoSuchCase` for a thread that was not handed off."""
    async with here.database.reading() as session:
        opened = None if thread_id is None else await thread_view(session, me, here.brand_name, thread_id)
        listed = await rows(session, me, view, q.strip(), show)
    return here.page(
        "inbox.html",
        status,
        me=me,
        listed=listed,
        opened=opened,
        problem=problem,
        unsent=unsent or Unsent("reply", ""),
        client_id=str(uuid4()),
        place="inbox",
        waiting=listed.counts["waiting"],
    )
