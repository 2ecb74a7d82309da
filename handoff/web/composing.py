"""What the composer asks for while somebody writes: keep a draft, fill in a saved reply, take back what was sent."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, drafts, errors, matches, saved_replies
from handoff.drafts import Mode
from handoff.models import Agent
from handoff.web.composer import Unsent
from handoff.web.panes import inbox_page
from handoff.web.site import Site
from handoff.web.view import ThreadView, thread_view
from handoff.web.words import person
from handoff.web.writing import At, Desk, Text, lines

router = APIRouter(prefix="/inbox/{thread_id}")

MessageId = Annotated[int, Path(ge=1, le=2**62)]
SavedId = Annotated[int, Form(ge=0, le=2**62)]


@router.post("/draft")
async def draft(at: At, mode: Annotated[Mode, Form()], text: Text = "") -> Response:
    """Keep what was begun; an empty text forgets it."""
    async with at.here.database.transaction("inbox.draft") as session:
        await cases.known(session, at.thread_id, hold=True)
        await drafts.keep(session, at.thread_id, at.me, mode, lines(text))
    return Response(status_code=204)


@router.post("/messages/{message_id}/undo")
async def undo(at: At, message_id: MessageId) -> Response:
    """Take a reply back before it is delivered; its words are in the composer again."""
    taking = partial(cases.take_back, thread_id=at.thread_id, message_id=message_id, agent=at.me)
    return await at.attempt("undo", taking)


@router.post("/messages/{message_id}/elsewhere")
async def elsewhere(at: At, message_id: MessageId, to: SavedId = 0) -> Response:
    """Go to another thread of the same person with the words of a reply that did not arrive; they are a draft there."""
    carrying = partial(matches.carry, thread_id=at.thread_id, message_id=message_id, to_id=to, agent=at.me)
    answer = await at.attempt("carry", carrying)
    return at.back(to) if answer.status_code == 303 else answer


@router.get("/saved-replies")
async def saved(at: At) -> HTMLResponse:
    """The saved replies with everything filled in that is known, for the list that `/` opens."""
    async with at.here.database.reading() as session:
        opened = await thread_view(session, at.me, at.here.brand_name, at.thread_id)
        found = await saved_replies.available(session, at.me)
    values = known_values(opened, at.me, at.here)
    return at.here.page("saved_list.html", found=[(one, saved_replies.filled(one.body, values)) for one in found])


@router.post("/insert")
async def insert(
    at: At, saved_reply: SavedId = 0, mode: Annotated[Mode, Form()] = "reply", text: Text = ""
) -> Response:
    """Put a saved reply after what was written: what the list does at the caret, for a page without scripts."""
    async with at.here.database.reading() as session:
        opened = await thread_view(session, at.me, at.here.brand_name, at.thread_id)
        body = await _body(session, at.me, saved_reply)
    words = saved_replies.filled(body, known_values(opened, at.me, at.here))
    written = lines(text)
    text = f"{written.rstrip()}\n{words}" if written.strip() else words
    return await _page(at, Unsent(mode, text))


def known_values(opened: ThreadView, me: Agent, here: Site) -> dict[str, str]:
    """What is put in place of {{customer}}, {{agent}} and {{brand}}."""
    return {"customer": person(opened.thread.customer), "agent": me.name, "brand": here.brand_name}


async def _body(session: AsyncSession, me: Agent, saved_reply: int) -> str:
    for owner in (me, None):
        try:
            return (await saved_replies.one(session, owner, saved_reply)).body
        except errors.NoSuchSavedReply:
            continue
    return ""


async def _page(at: Desk, unsent: Unsent) -> HTMLResponse:
    return await inbox_page(at.here, at.me, at.thread_id, at.where, unsent=unsent)
